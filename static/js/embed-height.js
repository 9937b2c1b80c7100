// Tells the page around the frame how high it is; embed.js there listens.
(() => {
  const page = document.documentElement;
  const tell = () => parent.postMessage({ backorders: "height", height: page.offsetHeight }, "*");
  new ResizeObserver(tell).observe(page);
})();
