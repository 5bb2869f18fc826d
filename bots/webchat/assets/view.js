// What a conversation looks like: entries, days, choices, and the page's own words.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (name in node && typeof value !== "string") node[name] = value;
    else node.setAttribute(name === "className" ? "class" : name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

export function sheetIcon() {
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 24 24", width: "26", height: "26", "aria-hidden": "true", class: "sheet" })) svg.setAttribute(name, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", "M7 3h6.5L18 7.5V20a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1Zm6.2.3V8H18M9 12.5h6M9 16h6");
  svg.append(path);
  return svg;
}

// linked makes web addresses in a text clickable; everything else stays text.
function linked(text) {
  const out = document.createDocumentFragment();
  let end = 0;
  for (const found of text.matchAll(/\bhttps?:\/\/[^\s<>"«»“”]+/gi)) {
    let address = found[0].replace(/[.,;:!?'’…]+$/u, "");
    if (address.endsWith(")") && !address.includes("(")) address = address.slice(0, -1);
    if (!webAddress(address)) continue;
    out.append(text.slice(end, found.index), el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, address));
    end = found.index + address.length;
  }
  out.append(text.slice(end));
  return out;
}

function webAddress(address) {
  try {
    return ["http:", "https:"].includes(new URL(address).protocol);
  } catch {
    return false;
  }
}

const SHOWN = ["image/jpeg", "image/png", "image/webp"];

export class View {
  constructor(settings, log) {
    this.settings = settings;
    this.log = log;
    this.entries = [];
    this.offers = []; // entries whose choices may still change their look
    this.pressed = null; // the turn of a choice that is on its way
    this.onChoice = () => {};
    this.onRender = () => {};
    this.setLang(settings.lang);
  }

  word(key, fields = {}) {
    return (this.words[key] ?? "").replace(/\{(\w+)\}/g, (all, name) => fields[name] ?? all);
  }

  setLang(lang) {
    if (!this.settings.langs[lang]) return;
    const { title, words } = this.settings.langs[lang];
    this.words = words;
    document.documentElement.lang = lang;
    document.title = title;
    document.getElementById("title").textContent = title;
    for (const node of document.querySelectorAll("[data-word]")) node.textContent = words[node.dataset.word];
    for (const node of document.querySelectorAll("[data-placeholder]")) node.placeholder = words[node.dataset.placeholder];
    for (const node of document.querySelectorAll("[data-label]")) {
      node.setAttribute("aria-label", words[node.dataset.label]);
      if (node.title) node.title = words[node.dataset.label];
    }
    this.redraw();
  }

  redraw() {
    const live = this.log.getAttribute("aria-live");
    this.log.setAttribute("aria-live", "off");
    this.log.replaceChildren();
    const entries = this.entries;
    this.entries = [];
    this.offers = [];
    for (const entry of entries) this.add(entry, false);
    this.log.setAttribute("aria-live", live);
  }

  add(entry, fresh = true) {
    const before = this.entries.at(-1);
    const at = new Date(entry.at);
    const sameDay = before && new Date(before.at).toDateString() === at.toDateString();
    if (!sameDay) this.log.append(el("div", { className: "day", role: "separator" }, el("span", {}, this.day(at))));
    const again = sameDay && before.side === entry.side && before.staff === entry.staff && at - new Date(before.at) < 5 * 60_000;
    entry.place = this.entries.push(entry);
    if (entry.side !== "reader" && entry.choices?.length) this.offers.push(entry);
    this.log.append(this.draw(entry, again, fresh));
    this.settle();
  }

  draw(entry, again, fresh) {
    const kinds = ["entry", entry.side, entry.kind === "notice" && "notice", again && "again", fresh && "fresh"].filter(Boolean);
    const node = el("article", { className: kinds.join(" ") });
    node.append(this.who(entry, again), this.bubble(entry));
    entry.node = node;
    entry.mode = "";
    return node;
  }

  who(entry, again) {
    if (entry.side === "staff") {
      const name = entry.staff ? `${entry.staff} · ${this.word("staff")}` : this.word("staff");
      return el("p", { className: again ? "unseen" : "who" }, name);
    }
    return el("p", { className: "unseen" }, this.word(entry.side === "reader" ? "you" : "bot"));
  }

  // bubble draws an entry, or a message that is still on its way.
  bubble(entry) {
    const bubble = el("div", { className: "bubble" });
    const text = entry.text || (entry.side === "reader" && entry.choices?.[0]?.label) || "";
    if (entry.files?.length) bubble.append(el("div", { className: "files" }, ...entry.files.map((file) => this.file(file))));
    if (text) bubble.append(el("p", { className: "text", dir: "auto" }, entry.side === "reader" ? text : linked(text)));
    for (const refused of entry.refused ?? []) {
      const key = ["too_large", "too_many"].includes(refused.reason) ? refused.reason : "other";
      bubble.append(el("p", { className: "refused" }, this.word(`refused_${key}`, refused)));
    }
    if (entry.at) bubble.append(el("div", { className: "foot" }, this.time(new Date(entry.at))));
    return bubble;
  }

  file(file) {
    const address = file.local ?? (file.id && `${this.settings.base}/files/${file.id}${this.settings.embed ? "?embed=1" : ""}`);
    if (SHOWN.includes(file.type) && address) {
      const label = this.word("image", { name: file.name });
      const image = el("img", { src: address, alt: label, width: "240", height: "180", loading: "lazy", decoding: "async" });
      return file.id ? el("a", { className: "picture", href: this.address(file), target: "_blank", rel: "noopener" }, image) : el("span", { className: "picture" }, image);
    }
    const what = el("span", {}, el("b", {}, file.name || this.word("download", { name: "" })), el("small", {}, this.size(file.size)));
    if (!file.id) return el("span", { className: "paper" }, sheetIcon(), what);
    return el("a", { className: "paper", href: this.address(file), download: file.name || true, "aria-label": this.word("download", { name: file.name }) }, sheetIcon(), what);
  }

  address(file) {
    return `${this.settings.base}/files/${file.id}${this.settings.embed ? "?embed=1" : ""}`;
  }

  // settle decides which choices can still be made: those of the newest turn of the bot, until one of them is on its way.
  // News and codes that offer nothing leave the question before them open.
  settle() {
    const asks = (entry) => ["bot", "reminder", undefined].includes(entry.kind) || entry.choices?.length > 0;
    const newest = this.entries.findLast((entry) => entry.side === "bot" && asks(entry));
    this.offers = this.offers.filter((entry) => {
      const active = entry === newest || (newest && entry.turn > 0 && entry.turn === newest.turn);
      const reply = this.replyTo(entry);
      const chosen = reply && entry.choices.find((choice) => choice.id === reply.choices?.[0]?.id || choice.label === reply.text);
      const open = active && this.pressed !== entry.turn && !chosen;
      const mode = open ? "open" : `past ${chosen?.id ?? ""}`;
      if (mode !== entry.mode) this.drawChoices(entry, mode, open, chosen);
      return active || !reply;
    });
  }

  replyTo(entry) {
    for (let i = entry.place; i < this.entries.length; i++) if (this.entries[i].side === "reader") return this.entries[i];
    return undefined;
  }

  drawChoices(entry, mode, open, chosen) {
    const old = entry.node.querySelector(".choices");
    const focused = old?.contains(document.activeElement);
    const list = el("ul", { className: open ? "choices" : "choices past" });
    for (const choice of entry.choices) list.append(el("li", {}, this.choice(entry, choice, open, choice === chosen)));
    entry.mode = mode;
    if (old) old.replaceWith(list);
    else entry.node.append(list);
    this.onRender(focused);
  }

  choice(entry, choice, open, chosen) {
    if (choice.url && webAddress(choice.url)) {
      return el("a", { className: "choice", href: choice.url, target: "_blank", rel: "noopener noreferrer" }, choice.label);
    }
    if (!open) {
      const label = chosen ? el("span", { className: "unseen" }, `${this.word("chosen")}: `) : null;
      return el("span", { className: chosen ? "choice chosen" : "choice" }, label, choice.label);
    }
    const button = el("button", { type: "button", className: "choice" }, choice.label);
    button.addEventListener("click", () => this.onChoice(entry, choice));
    return button;
  }

  time(at) {
    const clock = `${at.getHours()}:${String(at.getMinutes()).padStart(2, "0")}`;
    return el("time", { datetime: at.toISOString() }, clock);
  }

  day(at) {
    const today = new Date();
    const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
    if (at.toDateString() === today.toDateString()) return this.word("today");
    if (at.toDateString() === yesterday.toDateString()) return this.word("yesterday");
    const month = this.word("months").split(",")[at.getMonth()]?.trim();
    const key = at.getFullYear() === today.getFullYear() ? "day" : "day_year";
    return this.word(key, { day: at.getDate(), month, year: at.getFullYear() });
  }

  size(bytes) {
    if (!bytes) return "";
    if (bytes < 1 << 20) return this.word("kilobytes", { size: Math.max(1, Math.round(bytes / 1024)) });
    return this.word("megabytes", { size: (bytes / (1 << 20)).toFixed(1) });
  }
}
