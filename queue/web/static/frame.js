// The desk's own behaviour: live signals, copying, photos, menus. Everything else is plain links and forms, which work without it.
"use strict";

(() => {
  const body = document.body;
  const HIDDEN_POLL = 60_000; // a hidden tab gives its connection back: browsers open six to one host over HTTP/1.1
  const RETRY = 5_000;

  const signal = (name) => body.dispatchEvent(new CustomEvent(name, { bubbles: true }));

  // live: signals carry nothing but "changed"; parts of the page that listen fetch themselves again
  let source = null;
  let poll = 0;
  let retry = 0;

  const lost = (is) => {
    const banner = document.getElementById("offline");
    if (banner) banner.hidden = !is;
  };
  const all = () => {
    signal("queuechange");
    signal("chatchange");
    signal("channelchange");
  };
  const close = () => {
    clearTimeout(retry);
    if (source) source.close();
    source = null;
  };
  const open = () => {
    close();
    source = new EventSource(body.dataset.events);
    source.onopen = () => {
      lost(false);
      all(); // what changed while the line was down, or between the page and the line
    };
    source.onerror = () => {
      lost(true);
      if (source && source.readyState === EventSource.CLOSED) retry = setTimeout(() => { all(); open(); }, RETRY);
    };
    source.addEventListener("queue", () => signal("queuechange"));
    source.addEventListener("chat", () => signal("chatchange"));
    source.addEventListener("channels", () => signal("channelchange"));
  };
  const follow = () => {
    clearInterval(poll);
    if (document.hidden) {
      close();
      poll = setInterval(all, HIDDEN_POLL);
      return;
    }
    open();
  };
  if (body.dataset.events) {
    follow();
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) all();
      follow();
    });
    addEventListener("pagehide", close);
    addEventListener("pageshow", (e) => { if (e.persisted) { all(); follow(); } });
  }

  // what waits stands in the title too, so that a tab in the background shows it
  const title = document.title;
  const countInTitle = () => {
    const counters = document.querySelector("[data-waiting]");
    const n = counters ? Number(counters.dataset.waiting) : 0;
    document.title = n > 0 ? `(${n}) ${title}` : title;
  };
  countInTitle();

  // a conversation stays at its end, unless somebody reads further up
  const END = 80;
  let atEnd = true;
  const talk = () => document.querySelector(".talk");
  const toEnd = () => { const t = talk(); if (t && atEnd) t.scrollTop = t.scrollHeight; };
  document.addEventListener("scroll", (e) => {
    if (e.target === talk()) atEnd = e.target.scrollHeight - e.target.scrollTop - e.target.clientHeight < END;
  }, true);
  document.addEventListener("load", (e) => { if (e.target.closest && e.target.closest(".talk")) toEnd(); }, true);
  toEnd();
  document.addEventListener("toggle", (e) => { // one that was folded away begins at its end
    if (e.target.open && e.target.querySelector(".talk")) { atEnd = true; toEnd(); }
  }, true);

  document.addEventListener("htmx:after:swap", () => { countInTitle(); toEnd(); stillShowing(); goOn(); });

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      return; // no right to the clipboard: the text stands beside the button
    }
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 1500);
    const said = document.getElementById("said");
    if (said) said.textContent = button.dataset.copied;
  };

  let shown = null; // the photo that fills the window
  const showing = () => document.querySelector(".photo.showing");
  const enlarge = (photo, on) => {
    shown = on ? photo : null;
    photo.classList.toggle("showing", on);
    body.classList.toggle("still", on);
    const button = photo.querySelector("[data-zoom]");
    button.setAttribute("aria-pressed", String(on));
    button.focus();
  };
  // a part that came anew knows nothing of what fills the window
  const stillShowing = () => {
    if (!shown) return;
    if (!shown.isConnected) shown = null;
    else shown.classList.add("showing");
    body.classList.toggle("still", shown !== null);
  };

  // after a decision the page to be looked at next is marked; whoever looks at pages in full goes on so
  const GLANCE = 400; // a second tap of the key is no decision on a page that has only just come
  let came = -GLANCE;
  const goOn = () => {
    const next = document.querySelector("[data-next]");
    if (!next) return;
    next.removeAttribute("data-next");
    came = performance.now();
    const full = shown !== null;
    if (full) enlarge(shown, false);
    visit(next);
    if (full && next.querySelector(".photo")) enlarge(next.querySelector(".photo"), true);
  };
  const visit = (place) => {
    place.focus({ preventScroll: true });
    place.scrollIntoView({ block: "start" });
  };

  // single keys work on the page of papers in focus only, in any keyboard layout
  const letter = (e) => /^[a-z]$/i.test(e.key) ? e.key.toLowerCase() : e.code.replace(/^Key/, "").toLowerCase();
  const onPaper = (e, paper) => {
    const press = (selector) => { const button = paper.querySelector(selector); if (button) button.click(); };
    const walk = (step) => {
      const all = [...document.querySelectorAll("[data-paper]")];
      const to = all[all.indexOf(paper) + step];
      if (to) visit(to);
    };
    const acts = {
      a: () => { if (performance.now() - came > GLANCE) press("[data-accept]"); },
      r: () => {
        const fold = paper.querySelector("[data-return]");
        if (!fold) return;
        fold.open = true;
        fold.querySelector("select").focus();
      },
      z: () => press("[data-zoom]"),
      t: () => press("[data-turn-photo]"),
      j: () => { if (!shown) walk(1); },
      k: () => { if (!shown) walk(-1); },
    };
    const act = acts[letter(e)];
    if (!act) return;
    e.preventDefault();
    if (!e.repeat) act();
  };

  // who clicks twice means one thing: after the first click the opposite stands there
  document.addEventListener("click", (e) => { if (e.detail > 1 && e.target.closest("#speaker button")) e.preventDefault(); }, true);

  const turn = (photo) => { photo.dataset.turn = String((Number(photo.dataset.turn || 0) + 1) % 4); };

  document.addEventListener("click", (e) => {
    const hit = (selector) => e.target.closest(selector);
    const photo = hit(".photo");
    if (hit("[data-copy]")) copy(hit("[data-copy]"));
    else if (hit("[data-print]")) print();
    else if (hit("[data-turn-photo]")) turn(photo);
    else if (hit("[data-zoom]") || (photo && e.target.matches("img"))) enlarge(photo, !photo.classList.contains("showing"));
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(e.target)) menu.open = false;
  });

  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape") {
      if (showing()) enlarge(showing(), false);
      for (const menu of document.querySelectorAll("details.menu[open]")) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    }
    const paper = e.target.closest("[data-paper]");
    if (paper && !e.ctrlKey && !e.altKey && !e.metaKey && !e.target.matches("input, select, textarea")) onPaper(e, paper);
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && e.target.matches("textarea") && e.target.form) e.target.form.requestSubmit();
  });

  // the reader sees that an answer is being written; the sign lasts some seconds
  const TYPING = 4_000;
  let typed = 0;
  document.addEventListener("input", (e) => {
    const form = e.target.closest("#reply");
    if (!form || !e.target.value.trim() || Date.now() - typed < TYPING) return;
    typed = Date.now();
    fetch(form.action.replace(/say$/, "typing"), { method: "POST" }).catch(() => {}); // it is only a sign
  });

  // pages of an order are dragged to their place; the buttons beneath do the same
  let dragged = null;
  const sheetOf = (e) => (e.target.closest ? e.target.closest("[data-move]") : null);
  document.addEventListener("dragstart", (e) => { dragged = sheetOf(e); });
  document.addEventListener("dragend", () => { dragged = null; for (const s of document.querySelectorAll(".is-over")) s.classList.remove("is-over"); });
  document.addEventListener("dragover", (e) => {
    const over = sheetOf(e);
    if (!dragged || !over) return;
    e.preventDefault();
    for (const s of document.querySelectorAll(".is-over")) if (s !== over) s.classList.remove("is-over");
    over.classList.toggle("is-over", over !== dragged);
  });
  document.addEventListener("drop", (e) => {
    const over = sheetOf(e);
    if (!dragged || !over || over === dragged) return;
    e.preventDefault();
    htmx.ajax("POST", dragged.dataset.move, { target: "#order", swap: "outerMorph", values: { place: over.dataset.place } });
  });

  // files go up with their progress; without scripts the form goes by itself
  const upload = (form) => {
    const bar = form.querySelector("progress");
    const line = new XMLHttpRequest();
    line.open("POST", form.action);
    line.setRequestHeader("HX-Request", "true");
    line.upload.onprogress = (e) => { if (e.lengthComputable) bar.value = (100 * e.loaded) / e.total; };
    line.onload = () => {
      bar.hidden = true;
      form.reset();
      for (const button of form.querySelectorAll("button")) button.disabled = false;
      const order = document.getElementById("order");
      if (line.status === 200) htmx.swap({ text: line.responseText, sourceElement: order, target: order, swap: "outerMorph" });
      else location.reload();
    };
    line.onerror = () => { bar.hidden = true; for (const button of form.querySelectorAll("button")) button.disabled = false; lost(true); };
    bar.hidden = false;
    bar.value = 0;
    line.send(new FormData(form));
  };

  // a second press of the same button is not a second act
  document.addEventListener("submit", (e) => {
    if (e.target.hasAttribute("hx-post")) return; // htmx sends one at a time
    if (e.target.hasAttribute("data-upload")) {
      e.preventDefault();
      for (const button of e.target.querySelectorAll("button")) button.disabled = true;
      upload(e.target);
      return;
    }
    if (e.target.dataset.sent) e.preventDefault();
    e.target.dataset.sent = "yes";
    setTimeout(() => delete e.target.dataset.sent, RETRY);
  });
})();
