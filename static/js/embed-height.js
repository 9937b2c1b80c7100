// Tells the page around the frame how high it is; embed.js there listens.
(() => {
  const tell = () => parent.postMessage({ backorders: "height", height: document.documentElement.offsetHeight }, "*");
  new ResizeObserver(tell).observe(document.documentElement);
})();
