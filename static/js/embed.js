// For a shop's own pages (docs/embedding.md): puts a frame into each element with
// data-backorders-sku, and gives it the height it asks for. data-lang and data-theme (light, dark)
// are handed on. No cookies, nothing is kept.
(() => {
  const site = new URL(document.currentScript.dataset.site || "/", document.currentScript.src);
  const frames = new Map();

  for (const place of document.querySelectorAll("[data-backorders-sku]")) {
    const { backordersSku: sku, lang, theme, title } = place.dataset;
    const frame = document.createElement("iframe");
    const path = sku.split("/").map(encodeURIComponent).join("/");
    const address = new URL(`embed/${path}/`, site);
    if (lang) address.searchParams.set("lang", lang);
    if (theme) address.searchParams.set("theme", theme);
    frame.src = address.href;
    frame.title = title || "When it ships";
    frame.loading = "lazy";
    frame.width = "100%";
    frame.height = "150";
    frame.setAttribute("frameborder", "0");
    frame.setAttribute(
      "sandbox",
      "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox",
    );
    place.replaceChildren(frame);
    frames.set(frame.contentWindow, frame);
  }

  addEventListener("message", (event) => {
    const frame = frames.get(event.source);
    const { backorders, height } = event.data ?? {};
    const ours = frame && event.origin === site.origin && backorders === "height";
    if (ours && height > 0 && height < 2000) {
      frame.height = String(Math.ceil(height));
    }
  });
})();
