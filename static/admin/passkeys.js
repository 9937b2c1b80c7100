// The list of passkeys holds the one that was just added.
document.addEventListener("otp_webauthn.register_complete", () => location.reload());
