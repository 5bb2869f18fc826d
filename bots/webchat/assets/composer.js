// Where the reader writes: the growing text field, and files chosen, dropped or pasted.

import { el, sheetIcon } from "./view.js";

const byID = (id) => document.getElementById(id);

export class Composer {
  constructor(view, submit) {
    this.view = view;
    this.submit = submit;
    this.files = [];
    this.text = byID("text");
    this.tray = byID("tray");
    this.listen();
  }

  listen() {
    const { text } = this;
    byID("write").addEventListener("submit", (e) => { e.preventDefault(); this.send(); });
    text.addEventListener("keydown", (e) => {
      if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
      e.preventDefault();
      this.send();
    });
    text.addEventListener("input", () => this.grow());
    text.addEventListener("paste", (e) => {
      if (!e.clipboardData?.files.length) return;
      e.preventDefault();
      this.add(e.clipboardData.files);
    });
    for (const [button, input] of [["attach", "files"], ["camera", "photo"]]) {
      byID(button).addEventListener("click", () => byID(input).click());
      byID(input).addEventListener("change", (e) => { this.add(e.target.files); e.target.value = ""; });
    }
    this.listenDrop();
  }

  listenDrop() {
    const carriesFiles = (e) => e.dataTransfer?.types.includes("Files");
    let inside = 0; // leaving one element for another within the page also counts as leaving
    const show = (n) => { inside = n; byID("drop").hidden = n <= 0; };
    window.addEventListener("dragenter", (e) => carriesFiles(e) && show(inside + 1));
    window.addEventListener("dragleave", (e) => carriesFiles(e) && show(inside - 1));
    window.addEventListener("dragover", (e) => carriesFiles(e) && e.preventDefault());
    window.addEventListener("drop", (e) => {
      if (!carriesFiles(e)) return;
      e.preventDefault();
      show(0);
      this.add(e.dataTransfer.files);
    });
  }

  add(list) {
    const { files, file } = this.view.settings.limits;
    const problems = [];
    for (const one of list) {
      if (one.size > file) problems.push(this.view.word("refused_too_large", { name: one.name }));
      else if (this.files.length >= files) problems.push(this.view.word("refused_too_many", { name: one.name }));
      else this.files.push(one);
    }
    this.hint(problems.join("\n"));
    this.drawTray();
    if (!matchMedia("(pointer: coarse)").matches) this.text.focus({ preventScroll: true });
  }

  drawTray() {
    for (const image of this.tray.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    this.tray.hidden = this.files.length === 0;
    this.tray.replaceChildren(...this.files.map((file) => this.trayItem(file)));
  }

  trayItem(file) {
    const shown = /^image\/(jpeg|png|webp|gif)$/.test(file.type);
    const picture = shown ? el("img", { src: URL.createObjectURL(file), alt: "", width: "34", height: "34" }) : sheetIcon();
    const label = this.view.word("detach", { name: file.name });
    const remove = el("button", { type: "button", className: "round", "aria-label": label, title: label }, "×");
    remove.addEventListener("click", () => {
      this.files = this.files.filter((other) => other !== file);
      this.hint("");
      this.drawTray();
      this.text.focus({ preventScroll: true });
    });
    return el("li", {}, picture, el("span", {}, file.name), remove);
  }

  send() {
    const text = this.text.value.trim();
    if (!text && !this.files.length) {
      this.hint(this.view.word("error_empty"));
      this.text.focus();
      return;
    }
    this.submit({ text, files: this.files });
    this.files = [];
    this.text.value = "";
    this.hint("");
    this.drawTray();
    this.grow();
    this.text.focus({ preventScroll: true });
  }

  grow() {
    const { text } = this;
    if (!CSS.supports("field-sizing", "content")) {
      text.style.height = "auto";
      text.style.height = `${text.scrollHeight + 2}px`;
    }
    const long = [...text.value].length > this.view.settings.limits.text;
    this.hint(long ? this.view.word("text_long") : "");
  }

  hint(said) {
    const hint = byID("hint");
    hint.textContent = said;
    hint.hidden = !said;
  }
}
