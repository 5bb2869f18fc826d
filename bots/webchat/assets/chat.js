// The chat's page: joins the stream of the conversation to what is seen and written.

import { View } from "./view.js";
import { Outbox } from "./outbox.js";
import { Composer } from "./composer.js";

const byID = (id) => document.getElementById(id);
const settings = JSON.parse(byID("settings").textContent);
const query = settings.embed ? "&embed=1" : "";
const scroll = byID("scroll");
const view = new View(settings, byID("log"));
const outbox = new Outbox(view, byID("pending"));
const composer = new Composer(view, (message) => { outbox.post(message); toBottom(); });

// ---- the place in the conversation that is in sight

let atBottom = true;
let unread = 0;

function toBottom() {
  scroll.scrollTop = scroll.scrollHeight;
  atBottom = true;
  byID("newer").hidden = true;
}

function stay() {
  if (atBottom) toBottom();
}

scroll.addEventListener("scroll", () => {
  atBottom = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
  if (atBottom) byID("newer").hidden = true;
}, { passive: true });
byID("newer").addEventListener("click", () => { toBottom(); scroll.focus({ preventScroll: true }); });
const sizes = new ResizeObserver(stay);
for (const node of [scroll, view.log, byID("pending")]) sizes.observe(node);

// ---- what the reader has been shown is confirmed, once the page can be seen

let shown = !settings.embed || window.parent === window;
let newestOut = 0;
let confirmed = 0;
let confirming = 0;

const inSight = () => shown && document.visibilityState === "visible";

function confirmSoon(wait = 250) {
  clearTimeout(confirming);
  if (newestOut > confirmed && inSight()) confirming = setTimeout(confirm, wait);
}

async function confirm() {
  const out = newestOut;
  try {
    const answer = await fetch(`${settings.base}/seen?${query.slice(1)}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ out }),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    confirmed = Math.max(confirmed, out);
    confirmSoon();
  } catch {
    confirmSoon(5000);
  }
}

// ---- the stream

let stream;
let cursor = "";
let heard = 0;
let silence = 0;
let away = 0;
let reopening = 0;
let settled = false; // the history is here
let typingUntil = 0;

function open() {
  stream?.close();
  clearTimeout(reopening);
  heard = Date.now();
  stream = new EventSource(`${settings.base}/events?after=${cursor}${query}`);
  stream.addEventListener("error", lost);
  stream.addEventListener("entry", (e) => { hear(); cursor = e.lastEventId; receive(JSON.parse(e.data)); });
  stream.addEventListener("ready", (e) => { hear(); ready(JSON.parse(e.data)); });
  stream.addEventListener("typing", () => { hear(); typing(7000); });
  stream.addEventListener("lang", (e) => { hear(); speak(JSON.parse(e.data)); });
  stream.addEventListener("alive", hear);
}

function hear() {
  heard = Date.now();
}

// connected is more than an open stream: the library has answered.
function connected() {
  silence = 0;
  clearTimeout(away);
  away = 0;
  banner("");
  outbox.hurry();
  confirmSoon();
}

// lost leaves short breaks to the browser, which reconnects by itself unless it was refused.
function lost() {
  away ||= setTimeout(() => banner(view.word("offline")), 2500);
  if (stream.readyState !== EventSource.CLOSED) return;
  clearTimeout(reopening);
  reopening = setTimeout(open, Math.min(15_000, 1000 * 2 ** silence++));
}

// A connection can die without a word, as when a laptop sleeps: the server speaks every 20 seconds.
setInterval(() => {
  if (stream.readyState === EventSource.OPEN && Date.now() - heard > 50_000) open();
}, 5000);

function ready({ begun }) {
  connected();
  if (!begun) outbox.post({ id: "start-conversation", choice: "start", hidden: true });
  if (settled) return;
  settled = true;
  byID("loading").hidden = begun;
  view.log.setAttribute("aria-live", "polite");
  toBottom();
}

function receive(entry) {
  const mine = entry.side === "reader";
  const wasAtBottom = atBottom;
  if (mine && view.entries.some((other) => other.message === entry.message)) return;
  byID("loading").hidden = true;
  if (mine) outbox.arrived(entry);
  else typing(0);
  view.add(entry, settled);
  if (entry.out) newestOut = Math.max(newestOut, entry.out);
  if (wasAtBottom) toBottom();
  else if (settled && !mine) byID("newer").hidden = false;
  if (!mine && settled && !inSight()) count(unread + 1);
  confirmSoon();
}

function speak(lang) {
  view.setLang(lang);
  outbox.redraw();
  composer.drawTray();
  stay();
}

function typing(time) {
  typingUntil = Date.now() + time;
  byID("typing").hidden = time === 0;
  stay();
  if (time) setTimeout(() => { if (Date.now() >= typingUntil) typing(0); }, time + 50);
}

function banner(said) {
  byID("banner").textContent = said;
  byID("banner").hidden = !said;
}

// ---- choices

view.onChoice = (entry, choice) => {
  view.pressed = entry.turn;
  outbox.post({ text: choice.label, choice: choice.id, turn: entry.turn });
  view.settle();
  toBottom();
};
// What had the focus is gone: a keyboard goes on at the text field, a finger does not want its keyboard opened.
view.onRender = (focused) => {
  if (focused) (matchMedia("(pointer: coarse)").matches ? scroll : byID("text")).focus({ preventScroll: true });
};
outbox.onChange = () => { view.settle(); stay(); };
outbox.onReceipt = (receipt) => { if (receipt?.cut) composer.hint(view.word("cut")); };

// ---- the frame around us

function tell(message) {
  if (settings.embed && window.parent !== window) window.parent.postMessage(message, "*"); // nothing private is in it
}

function count(n) {
  unread = n;
  tell({ librarian: "unread", count: n });
}

function sight() {
  if (!inSight()) return;
  count(0);
  confirmSoon();
}

window.addEventListener("message", (e) => {
  if (e.source !== window.parent || !["shown", "hidden"].includes(e.data?.librarian)) return;
  shown = e.data.librarian === "shown";
  sight();
  if (shown) stay();
  if (shown && !matchMedia("(pointer: coarse)").matches) byID("text").focus({ preventScroll: true });
});
byID("close")?.addEventListener("click", () => tell({ librarian: "close" }));
window.addEventListener("keydown", (e) => { if (e.key === "Escape") tell({ librarian: "close" }); });
tell({ librarian: "here" });

// ---- the browser

document.addEventListener("visibilitychange", sight);
window.addEventListener("offline", () => banner(view.word("offline")));
window.addEventListener("online", () => { outbox.hurry(); open(); });
window.addEventListener("beforeunload", (e) => { if (outbox.uploading()) e.preventDefault(); });

view.log.setAttribute("aria-live", "off");
byID("loading").hidden = false;
outbox.restore();
open();
