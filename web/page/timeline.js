// The timeline: one rail for each end, events in the order of time, and the
// descriptions that travel between them. Where offers cross, lines cross.
import { el, $ } from "./dom.js";

const rowHeight = 26;
const most = 400;

export class Timeline {
  #entries = []; // in order of time
  #rows = $("rows");
  #scroll = $("scroll");
  #lines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  #following = true;
  #drawn = false;
  #start = 0;

  constructor() {
    this.#lines.setAttribute("class", "travel");
    this.#lines.setAttribute("aria-hidden", "true");
    $("show-candidates").onchange = () => this.#draw();
    $("clear").onclick = () => {
      this.#entries = [];
      this.#rows.replaceChildren();
      this.#draw();
    };
    $("follow").onclick = () => this.#follow(true);
    // Scrolling by hand stops the following; reaching the end starts it again.
    for (const by of ["wheel", "touchmove", "keydown", "pointerdown"]) {
      this.#scroll.addEventListener(by, () => requestAnimationFrame(() => {
        const s = this.#scroll;
        this.#follow(s.scrollHeight - s.scrollTop - s.clientHeight < rowHeight * 2, false);
      }), { passive: true });
    }
  }

  #follow(on, move = true) {
    this.#following = on;
    $("follow").hidden = on;
    if (on && move) this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  // add takes { end, t, name, detail, tone, minor, act, message }.
  add(entry) {
    this.#start ||= entry.t;
    // Clocks differ by a little: nothing arrives before it was sent.
    const twin = entry.message && this.#twin(entry);
    if (twin) {
      if (entry.message.start) entry.t = Math.min(entry.t, twin.t);
      else entry.t = Math.max(entry.t, twin.t);
    }
    let i = this.#entries.length;
    while (i > 0 && this.#entries[i - 1].t > entry.t) i--;
    if (twin && !entry.message.start) i = Math.max(i, this.#entries.indexOf(twin) + 1);
    if (twin && entry.message.start) i = Math.min(i, this.#entries.indexOf(twin));
    this.#entries.splice(i, 0, entry);
    entry.node = this.#row(entry);
    this.#rows.insertBefore(entry.node, this.#entries[i + 1]?.node ?? null);
    for (const old of this.#entries.splice(0, Math.max(0, this.#entries.length - most))) old.node.remove();
    if (!this.#drawn) {
      this.#drawn = true;
      // A hidden tab gets no animation frames, but its events still count.
      (document.hidden ? setTimeout : requestAnimationFrame)(() => this.#draw());
    }
  }

  #twin({ message }) {
    return this.#entries.findLast((e) => e.message && e.message.way === message.way && e.message.n === message.n && e.message.start !== message.start);
  }

  #row({ end, t, name, detail, tone, minor, act, message }) {
    // Of a change of state the new state matters most, and the rest may be cut off.
    if (name.endsWith("statechange")) [name, detail] = [detail, name];
    const node = el(`li.${end}`, { title: detail ? `${name}: ${detail}` : name },
      el("time", {}, ((t - this.#start) / 1000).toFixed(2)),
      el("span.event", {}, el("b", {}, name), detail ? el("small", {}, detail) : ""),
      el("i.dot"));
    if (tone) node.dataset.tone = tone;
    node.classList.toggle("minor", !!minor);
    node.classList.toggle("act", !!act);
    node.classList.toggle("message", !!message);
    return node;
  }

  #draw() {
    this.#drawn = false;
    this.#rows.classList.toggle("all", $("show-candidates").checked);
    const shown = $("show-candidates").checked ? this.#entries : this.#entries.filter((e) => !e.minor);
    const at = new Map();
    const lines = [];
    shown.forEach((e, row) => {
      if (!e.message) return;
      const key = e.message.way + e.message.n;
      const from = at.get(key);
      if (from === undefined) return at.set(key, row);
      lines.push({ ...e.message, y1: (from + 0.5) * rowHeight, y2: (row + 0.5) * rowHeight });
    });
    this.#lines.setAttribute("height", shown.length * rowHeight);
    this.#lines.replaceChildren(...lines.map(({ way, type, ignored, y1, y2 }) => {
      const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
      for (const [k, v] of Object.entries({ x1: way === "up" ? "100%" : "0%", x2: way === "up" ? "0%" : "100%", y1, y2 })) line.setAttribute(k, v);
      line.setAttribute("class", `${type}${ignored ? " ignored" : ""}`);
      return line;
    }));
    if (this.#lines.parentNode !== this.#rows) this.#rows.prepend(this.#lines);
    if (this.#following) this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }
}
