// The demo's first page. htmx asks every few seconds for the inbox; with every answer, and with
// that to a button, the order page in the frame is asked too, so that a change is seen arriving and
// not 20 seconds later. A new email opens by itself.
(() => {
  const inbox = document.getElementById("demo-inbox");
  const email = document.getElementById("email");
  const frame = document.getElementById("order-page");
  const newest = () => inbox.querySelector("[data-mail]");
  let latest = newest()?.id;
  let open = latest;
  let answer;

  const page = () => {
    try {
      return frame.contentDocument;
    } catch {
      return null; // a carrier's page
    }
  };

  function askPage() {
    const part = page()?.querySelector('[data-live="open"]');
    if (part) part.dispatchEvent(new frame.contentWindow.Event("ask"));
  }

  // The buttons are new ones now: the pressed one keeps the focus. On a phone the page stands below
  // them.
  function afterPress({ detail: { requestConfig } }) {
    if (requestConfig.verb !== "post") return;
    const pressed = requestConfig.elt.querySelector("button").id;
    document.getElementById(pressed)?.focus({ preventScroll: true });
    if (frame.getBoundingClientRect().top > innerHeight * 0.6) {
      document.getElementById("demo-message").scrollIntoView();
    }
  }

  function tidyPage() {
    page()?.querySelector(".ribbon")?.remove();
  }

  function openNewest() {
    const mail = newest();
    if (mail && mail.id !== latest) {
      latest = open = mail.id;
      mail.closest("li").classList.add("fresh");
      email.src = mail.href;
    }
    markOpen();
  }

  function markOpen() {
    for (const mail of inbox.querySelectorAll("[data-mail]")) {
      mail.ariaCurrent = mail.id === open ? "true" : null;
    }
  }

  // What has not changed stays as it is, with the focus in it.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.serverResponse === answer) detail.shouldSwap = false;
    answer = detail.serverResponse;
  });
  document.addEventListener("htmx:afterSwap", openNewest);
  document.addEventListener("htmx:afterRequest", askPage);
  document.addEventListener("htmx:afterRequest", afterPress);
  inbox.addEventListener("click", ({ target }) => {
    const mail = target.closest("li")?.querySelector("[data-mail]");
    if (mail) open = mail.id;
    markOpen();
  });
  frame.addEventListener("load", tidyPage);
  tidyPage();
  markOpen();

  setInterval(() => {
    const left = document.querySelector("[data-seconds]");
    if (left) left.textContent = String(Math.max(0, Number(left.textContent) - 1));
  }, 1000);
})();
