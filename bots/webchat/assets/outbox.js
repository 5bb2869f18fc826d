// Messages on their way: shown at once, kept until the library has them, repeated under the same id for as long as it takes.

import { el } from "./view.js";

const LONGEST = 30_000; // milliseconds between two tries

export class Outbox {
  constructor(view, place) {
    this.view = view;
    this.place = place;
    this.queue = [];
    this.prefix = `chat:${view.settings.slug}:${view.settings.embed ? "embed:" : ""}`;
    this.onChange = () => {};
    this.onReceipt = () => {};
    this.busy = false;
    this.tries = 0;
    this.timer = 0;
  }

  // restore takes up what an earlier visit left unsent. Files do not outlive their page.
  restore() {
    const saved = Object.keys(this.storage() ?? {}).filter((key) => key.startsWith(this.prefix));
    const messages = saved.map((key) => this.load(key)).filter(Boolean).sort((a, b) => a.at.localeCompare(b.at));
    for (const message of messages) {
      if (message.files.length) Object.assign(message, { state: "failed", problem: "files_lost", lost: true });
      this.append(message);
    }
    this.next();
  }

  post({ text = "", choice = "", label = "", turn = 0, files = [], id = newID(), hidden = false }) {
    const message = {
      id, text, choice, label, turn, hidden, blobs: files, at: new Date().toISOString(), state: "sending",
      files: files.map((file) => ({ name: file.name, type: file.type, size: file.size, local: URL.createObjectURL(file) })),
    };
    if (!hidden) this.save(message);
    this.append(message);
    this.next();
  }

  append(message) {
    if (this.queue.some((other) => other.id === message.id)) return;
    this.queue.push(message);
    this.draw(message);
  }

  // arrived ends a message that has come back in the history; its pictures are already here.
  arrived(entry) {
    const message = this.queue.find((other) => other.id === entry.message);
    if (!message) return;
    entry.files?.forEach((file, i) => {
      if (message.files.length === entry.files.length && message.blobs) file.local = message.files[i].local;
    });
    this.end(message);
  }

  drop(message) {
    message.request?.abort();
    this.end(message);
    message.files.forEach((file) => file.local && URL.revokeObjectURL(file.local));
    this.onChange();
  }

  end(message) {
    this.queue = this.queue.filter((other) => other !== message);
    this.forget(message);
    message.node?.remove();
    this.release(message);
  }

  // release lets the choices be made again, of which this message was one.
  release(message) {
    if (message.choice && message.turn === this.view.pressed) this.view.pressed = null;
  }

  // hurry tries at once: there is a connection again.
  hurry() {
    clearTimeout(this.timer);
    this.tries = 0;
    this.next();
  }

  uploading() {
    return this.queue.some((message) => message.blobs?.length && ["sending", "waiting"].includes(message.state));
  }

  next() {
    const message = this.queue.find((other) => other.state === "sending" || other.state === "waiting");
    if (this.busy || !message) return;
    this.busy = true;
    clearTimeout(this.timer);
    this.send(message);
  }

  send(message) {
    const form = new FormData();
    form.append("id", message.id);
    form.append("text", message.text);
    if (message.choice) {
      form.append("choice", message.choice);
      form.append("turn", String(message.turn));
    }
    for (const file of message.blobs ?? []) form.append("files", file, file.name);
    const { base, embed } = this.view.settings;
    const request = new XMLHttpRequest();
    message.request = request;
    request.open("POST", `${base}/messages${embed ? "?embed=1" : ""}`);
    request.responseType = "json";
    if (message.files.length) request.upload.addEventListener("progress", (e) => this.progress(message, e));
    request.addEventListener("loadend", () => this.ended(message, request));
    this.mark(message, "sending");
    request.send(form);
  }

  ended(message, request) {
    this.busy = false;
    message.request = undefined;
    if (request.status === 200) this.onReceipt(request.response);
    if (!this.queue.includes(message)) return this.next(); // taken back, or already in the history
    if (request.status === 200) {
      this.tries = 0;
      this.forget(message);
      this.mark(message, "sent");
      return this.next();
    }
    if (request.status === 0 || request.status === 429 || request.status >= 500) {
      const asked = Number(request.getResponseHeader("Retry-After")) * 1000 || 0;
      message.problem = request.status === 429 ? "error_too_fast" : "waiting";
      this.mark(message, "waiting");
      this.timer = setTimeout(() => this.next(), Math.max(asked, Math.min(LONGEST, 1000 * 2 ** this.tries++)));
      return undefined;
    }
    const key = `error_${request.response?.error}`;
    message.problem = this.view.words[key] ? key : "error_other";
    this.mark(message, "failed");
    this.release(message);
    this.view.settle();
    return this.next();
  }

  progress(message, event) {
    if (!event.lengthComputable || !message.bar) return;
    const percent = Math.floor((100 * event.loaded) / event.total);
    message.bar.value = percent;
    message.said.textContent = this.view.word("uploading", { percent });
  }

  mark(message, state) {
    message.state = state;
    this.draw(message);
    this.onChange();
  }

  redraw() {
    for (const message of this.queue) this.draw(message);
  }

  draw(message) {
    if (message.hidden) return;
    const entry = { side: "reader", text: message.text || message.label, files: message.files, at: message.at };
    const waits = message.state === "sending" || message.state === "waiting";
    const node = el("article", { className: `entry reader ${message.state === "failed" ? "failed" : waits ? "waits" : ""}` });
    const bubble = this.view.bubble(entry);
    message.bar = undefined;
    if (message.state === "sending" && message.files.length) {
      message.bar = el("progress", { max: 100, value: 0, "aria-label": this.view.word("sending") });
      bubble.append(message.bar);
    }
    node.append(el("p", { className: "unseen" }, this.view.word("you")), bubble, this.state(message));
    if (message.node) message.node.replaceWith(node);
    else this.place.append(node);
    message.node = node;
  }

  state(message) {
    const { view } = this;
    const words = { sending: "sending", waiting: message.problem, sent: "sent", failed: message.problem };
    message.said = el("span", {}, view.word(words[message.state] ?? "waiting"));
    const offers = el("span", { className: "offers" });
    const line = el("div", { className: "state" }, message.said, offers);
    const offer = (key, action) => {
      const button = el("button", { type: "button", className: "plain" }, view.word(key));
      button.addEventListener("click", action);
      offers.append(button);
    };
    if (message.state === "failed" && !message.lost) offer("retry", () => { this.mark(message, "sending"); this.next(); });
    if (message.state === "waiting") offer("retry", () => this.hurry());
    if (message.state === "failed" || message.state === "waiting") offer("remove", () => this.drop(message));
    if (message.state === "sending" && message.files.length) offer("cancel", () => this.drop(message));
    return line;
  }

  // A browser may refuse storage to an embedded page: messages then live as long as the page.
  storage() {
    try {
      return window.localStorage;
    } catch {
      return null;
    }
  }

  save({ id, text, choice, label, turn, at, files }) {
    const kept = { id, text, choice, label, turn, at, files: files.map(({ name, type, size }) => ({ name, type, size })) };
    try {
      this.storage()?.setItem(this.prefix + id, JSON.stringify(kept));
    } catch {
      // full
    }
  }

  load(key) {
    try {
      const message = JSON.parse(this.storage().getItem(key));
      return typeof message?.id === "string" && Array.isArray(message.files) ? { ...message, state: "sending" } : null;
    } catch {
      return null;
    }
  }

  forget(message) {
    this.storage()?.removeItem(this.prefix + message.id);
  }
}

function newID() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
