// The chat on another site: a button that opens our page in a frame. What it shows is in a shadow tree, which the site's styles do not reach.
(function (labels) {
  "use strict";
  const script = document.currentScript;
  if (!script || window.librarianChat) return;
  window.librarianChat = true;

  const source = new URL(script.src);
  const home = source.pathname.replace(/\/widget\.js$/, "");
  const languages = [script.dataset.lang, document.documentElement.lang, ...navigator.languages].filter(Boolean);
  const lang = languages.map((tag) => tag.toLowerCase().split("-")[0]).find((tag) => labels[tag]) || "ru";
  const words = labels[lang];
  const memory = "librarian-chat:" + home;
  let frame = null;

  const make = (tag, attributes) => {
    const node = document.createElement(tag);
    for (const name in attributes) node.setAttribute(name, attributes[name]);
    return node;
  };

  // Storage may be refused: the widget then forgets whether it was open.
  const remember = (open) => {
    try {
      window.sessionStorage.setItem(memory, open ? "open" : "");
    } catch (_) { /* forgotten */ }
  };
  const remembered = () => {
    try {
      return window.sessionStorage.getItem(memory) === "open";
    } catch (_) {
      return false;
    }
  };

  const host = make("div", { lang });
  const root = host.attachShadow({ mode: "closed" });
  const style = new CSSStyleSheet();
  style.replaceSync(`
    :host { all: initial; }
    [hidden] { display: none !important; }
    button { position: fixed; inset-block-end: max(20px, env(safe-area-inset-bottom)); inset-inline-end: 20px; z-index: 2147483646;
      width: 60px; height: 60px; padding: 0; border: 0; border-radius: 50%; background: #17495a; color: #fff; cursor: pointer;
      box-shadow: 0 6px 22px rgb(0 0 0 / .28); display: grid; place-items: center; }
    button:hover { background: #1f5f75; }
    button:focus-visible { outline: 3px solid #fff; box-shadow: 0 0 0 6px #17495a; }
    svg { fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
    b { position: absolute; inset-block-start: -3px; inset-inline-end: -3px; min-width: 22px; height: 22px; padding: 0 6px; box-sizing: border-box;
      border-radius: 11px; background: #b23a22; color: #fff; font: 600 13px/22px system-ui, sans-serif; text-align: center; }
    iframe { position: fixed; inset-block-end: 96px; inset-inline-end: 20px; z-index: 2147483647; width: 400px; height: min(660px, calc(100dvh - 116px));
      border: 0; border-radius: 20px; background: #f5f2ec; box-shadow: 0 14px 48px rgb(0 0 0 / .3); color-scheme: light dark; }
    @media (prefers-color-scheme: dark) { iframe { background: #11181b; } }
    @media (max-width: 520px), (max-height: 480px) {
      iframe { inset: 0; width: 100vw; height: 100vh; height: 100dvh; border-radius: 0; }
    }`);
  root.adoptedStyleSheets = [style];

  const button = make("button", { type: "button", "aria-label": words.open, title: words.open, "aria-expanded": "false" });
  button.innerHTML = '<svg viewBox="0 0 24 24" width="28" height="28" aria-hidden="true"><path d="M12 6.6C10.1 5.3 7.7 4.7 5 4.9v12.2c2.7-.2 5.1.4 7 1.7 1.9-1.3 4.3-1.9 7-1.7V4.9c-2.7-.2-5.1.4-7 1.7Zm0 0v12"/></svg>';
  const badge = make("b", {});
  badge.hidden = true;
  button.append(badge);
  root.append(button);

  const tell = (what) => frame.contentWindow && frame.contentWindow.postMessage({ librarian: what }, source.origin);
  const isOpen = () => frame !== null && !frame.hidden;

  // What the page must know while it is loading it asks for itself.
  function show(focus) {
    if (frame) tell("shown");
    else {
      frame = make("iframe", { src: source.origin + home + "?embed=1", title: words.title, allow: "camera" });
      root.append(frame);
    }
    frame.hidden = false;
    settle(true);
    if (focus) frame.focus();
  }

  function hide() {
    if (!isOpen()) return;
    frame.hidden = true;
    settle(false);
    tell("hidden");
    button.focus();
  }

  function settle(open) {
    const label = open ? words.close : words.open;
    button.setAttribute("aria-expanded", String(open));
    button.setAttribute("aria-label", label);
    button.title = label;
    remember(open);
  }

  button.addEventListener("click", () => (isOpen() ? hide() : show(true)));
  document.addEventListener("keydown", (e) => { if (e.key === "Escape") hide(); });
  window.addEventListener("message", (e) => {
    if (!frame || e.source !== frame.contentWindow || e.origin !== source.origin || !e.data) return;
    if (e.data.librarian === "close") hide();
    if (e.data.librarian === "here") tell(isOpen() ? "shown" : "hidden");
    if (e.data.librarian === "unread") {
      const n = Number(e.data.count) || 0;
      badge.textContent = n > 9 ? "9+" : String(n);
      badge.hidden = n === 0;
    }
  });

  const begin = () => {
    document.body.append(host);
    if (remembered()) show(false);
  };
  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);
})(LABELS);
