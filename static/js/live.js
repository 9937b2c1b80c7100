// Keeps the order's page up to date while somebody looks at it. htmx listens for "ask" on the live
// part (hx-trigger); once nothing is open any more the server leaves the trigger out, and the
// asking ends. What is news is said in #news, outside the part that changes: read out by screen
// readers, and laid over the page so that nothing moves. htmx has nothing to do before the first
// question: it is fetched then, or a second after the page has loaded, since a page may load before
// it is painted, and nothing is to stand in the way of that.
(() => {
  const EVERY = 20_000; // milliseconds
  const LONGEST = 300_000; // between questions that get no answer
  const SAID_FOR = 12_000;
  const FAILURES_TO_SAY = 2; // one alone is a tunnel
  const PAINTED = 1_000;

  const htmx = document.currentScript.dataset.htmx;
  const news = document.getElementById("news");
  let timer;
  let silence; // the timer that takes the words away
  let failures = 0;
  let fetched; // the promise of htmx
  let before = { told: new Set(), places: new Set(), open: [] };

  const livePart = () => document.querySelector('[data-live="open"]');
  const texts = (selector) =>
    [...document.querySelectorAll(selector)].map((each) => each.textContent.trim());

  function plan() {
    clearTimeout(timer);
    const wait = Math.min(EVERY * 2 ** failures, LONGEST);
    timer = setTimeout(ask, failures ? wait * (0.8 + 0.4 * Math.random()) : wait);
  }

  function ask() {
    const part = livePart();
    if (!part) return clearTimeout(timer);
    // htmx waits in vain for a page that is no longer being read and not yet loaded.
    if (document.visibilityState === "visible" && document.readyState === "complete") {
      htmxHere().then(() => livePart()?.dispatchEvent(new Event("ask")), failed);
    }
    plan();
  }

  function say(words, stays = false) {
    clearTimeout(silence);
    news.textContent = words;
    if (words && !stays) silence = setTimeout(() => say(""), SAID_FOR);
  }

  function remember() {
    before = {
      told: new Set(texts(".timeline li p:last-child")),
      places: new Set(texts(".place")),
      open: [...document.querySelectorAll("#live details[open]")].map((each) => each.id),
    };
  }

  function sayWhatIsNew() {
    const told = [...document.querySelectorAll(".timeline li")].filter(
      (each) => !before.told.has(each.lastElementChild.textContent.trim()),
    );
    for (const each of told) each.classList.add("fresh");
    const words = told.length
      ? told.map((each) => each.lastElementChild.textContent.trim())
      : texts(".place").filter((each) => !before.places.has(each));
    if (words.length) say(words.slice(0, 3).join(" "));
  }

  function failed() {
    failures += 1;
    if (!navigator.onLine) say(news.dataset.offline, true);
    else if (failures >= FAILURES_TO_SAY) say(news.dataset.failing, true);
    plan();
  }

  function answered() {
    const lost = [news.dataset.offline, news.dataset.failing];
    if (lost.includes(news.textContent)) say(news.dataset.back);
    failures = 0;
    plan();
  }

  document.addEventListener("visibilitychange", ask);
  addEventListener("pageshow", (event) => event.persisted && ask());
  addEventListener("online", ask);
  addEventListener("offline", () => livePart() && say(news.dataset.offline, true));

  document.addEventListener("htmx:beforeSwap", remember);
  document.addEventListener("htmx:afterSwap", () => {
    for (const id of before.open) document.getElementById(id)?.setAttribute("open", "");
    sayWhatIsNew();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { status } = event.detail.xhr;
    // The link was revoked: no later answer will differ.
    if (status === 404) event.target.dataset.live = "closed";
    else if (event.detail.successful) answered();
    else failed();
  });

  // The link works by itself: it opens the page as anyone who gets it will see it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("#share");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!navigator.share && !navigator.clipboard) return;
    event.preventDefault();
    if (navigator.share) navigator.share({ title: document.title, url: link.href }).catch(() => {});
    else navigator.clipboard.writeText(link.href).then(
      () => say(link.dataset.copied),
      () => location.assign(link.href),
    );
  });

  // Fetched once; where that failed, the next question tries again.
  function htmxHere() {
    fetched ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = htmx;
      script.onload = resolve;
      script.onerror = () => {
        fetched = undefined;
        script.remove();
        reject();
      };
      document.head.append(script);
    });
    return fetched;
  }

  if (livePart()) {
    addEventListener("load", () => setTimeout(() => htmxHere().catch(failed), PAINTED));
    plan();
  }
})();
