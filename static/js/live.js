// Asks for news of the order while somebody looks at the page. htmx listens for "ask" on the live part (hx-trigger);
// once nothing is open any more the server leaves the trigger out, and the asking ends.
(() => {
  const EVERY = 20_000;

  function ask() {
    const part = document.querySelector('[data-live="open"]');
    if (!part) {
      clearInterval(timer);
    } else if (document.visibilityState === "visible") {
      part.dispatchEvent(new Event("ask"));
    }
  }

  function sayThatItLooks() {
    for (const words of document.querySelectorAll(".checks")) words.hidden = false;
  }

  const timer = setInterval(ask, EVERY);
  document.addEventListener("visibilitychange", ask);
  document.addEventListener("htmx:afterSwap", sayThatItLooks);
  // The link was revoked: no later answer will differ.
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 404) event.target.dataset.live = "closed";
  });
  sayThatItLooks();
})();
