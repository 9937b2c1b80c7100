"""The setting MAIL_MODE: nothing is sent before a person allows it. Start-up checks read it before
any model is loaded."""

from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

GRAMMAR = (
    "expected hold, send or only:ADDRESS[,ADDRESS ...], for example "
    "only:ada@example.com,grace@example.com"
)
# About the address of `receiver`.
LETS_OUT = "(%(everyone)s OR upper(receiver.address) = ANY(%(only)s))"


@dataclass(frozen=True, slots=True)
class MailMode:
    """hold: compose and keep. only: deliver to `addresses` (in upper case) and keep the rest. send:
    deliver."""

    name: Literal["hold", "only", "send"]
    addresses: frozenset[str] = frozenset()

    def lets_out(self, address: str | None) -> bool:
        """Whether email may go to an address (None: to any at all). LETS_OUT asks it in SQL."""
        if self.name == "only":
            return address is None or address.strip().upper() in self.addresses
        return self.name == "send"

    @property
    def values(self) -> dict[str, Any]:
        """Of LETS_OUT."""
        return {"everyone": self.name == "send", "only": list(self.addresses)}


def parse_mail_mode(setting: str) -> MailMode:
    """ValueError says what was expected."""
    setting = setting.strip()
    if setting in ("hold", "send"):
        return MailMode("hold" if setting == "hold" else "send")
    name, _, listed = setting.partition(":")
    if name != "only":
        raise ValueError(GRAMMAR)
    addresses = [address.strip() for address in listed.split(",") if address.strip()]
    if not addresses:
        raise ValueError(f"only: has no address after it; {GRAMMAR}")
    for address in addresses:
        try:
            validate_email(address)
        except ValidationError:
            raise ValueError(f"{address!r} is not an email address; {GRAMMAR}") from None
    return MailMode("only", frozenset(address.upper() for address in addresses))


def mail_mode() -> MailMode:
    return parse_mail_mode(settings.MAIL_MODE)
