// The demo's first page. htmx asks every few seconds for the inbox; with every answer the order
// page in the frame is asked too, so that a change is seen arriving and not 20 seconds later. A new
// email opens by itself.
(() => {
  const inbox = document.getElementById("demo-inbox");
  const email = document.getElementById("email");
  const frame = document.getElementById("order-page");
  const newest = () => inbox.querySelector("[data-mail]");
  let shown = newest()?.dataset.mail;

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

  function tidyPage() {
    page()?.querySelector(".ribbon")?.remove();
  }

  function openNewest() {
    const latest = newest();
    if (!latest || latest.dataset.mail === shown) return;
    shown = latest.dataset.mail;
    latest.closest("li").classList.add("fresh");
    email.src = latest.href;
  }

  document.addEventListener("htmx:afterSwap", openNewest);
  document.addEventListener("htmx:afterRequest", askPage);
  frame.addEventListener("load", tidyPage);
  tidyPage();

  setInterval(() => {
    const left = document.querySelector("[data-seconds]");
    if (left) left.textContent = String(Math.max(0, Number(left.textContent) - 1));
  }, 1000);
})();
