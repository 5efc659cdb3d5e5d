// The two lists of tracks: what the program sends and what this page sends.
// Both look and work alike, as both ends of a connection do.
import { el, keyed, text } from "./dom.js";

const letters = ["A", "B", "C"];

// Side is one list. The handlers are add(source, streams), setStreams(row,
// names), hold(row), remove(row), addAgain(row), stop(row) and, where there is
// one, record(row).
export class Side {
  #handlers;
  #chosen = new Set(["A"]);

  constructor(root, title, handlers) {
    this.#handlers = handlers;
    this.note = el("p.note", { hidden: true });
    this.sources = el("div.sources");
    this.rows = el("ul.rows");
    this.extra = el("span.extra");
    root.append(
      el("header", {}, el("h2", {}, title), this.extra),
      this.note,
      el("div.picker", {}, el("span", {}, "New tracks go to"),
        chips(this.#chosen, (name) => {
          this.#chosen.has(name) ? this.#chosen.delete(name) : this.#chosen.add(name);
        })),
      this.sources,
      this.rows,
    );
    this.empty = el("p.empty", {}, "Nothing is sent.");
    root.append(this.empty);
  }

  render(sources, rows) {
    keyed(this.sources, sources, (s) => s.id,
      (s) => el("button.source", { title: s.detail ?? "" }, glyph(s.kind), el("b", {}, s.name)),
      (node, s) => {
        node.disabled = !!s.disabled;
        node.onclick = () => this.#do(node, () => this.#handlers.add(s, letters.filter((n) => this.#chosen.has(n))));
      });
    keyed(this.rows, rows, (r) => r.key, (r) => this.#make(r), (node, r) => this.#update(node, r));
    this.empty.hidden = rows.length > 0;
  }

  #make(row) {
    const node = el("li.row", {},
      el("span.stripes"),
      row.track && row.kind === "video" ? preview(row.track) : glyph(row.kind),
      el("div.what", {}, el("b"), el("small")),
      el("div.chips"),
      el("div.does"));
    node.dispose = () => {
      const video = node.querySelector("video");
      if (video) video.srcObject = null;
    };
    return node;
  }

  #update(node, row) {
    const [stripes, , what, chipBox, does] = node.children;
    node.classList.toggle("idle", row.idle || row.stopped);
    node.classList.toggle("held", !!row.held);
    stripes.replaceChildren(...(row.streams.length ? row.streams : [""]).map((n) => el("i", { dataset: { line: n } })));
    text(what.firstChild, row.name);
    const way = row.stopped ? "stopped" : row.idle ? "removed" : row.held ? "on hold" : row.current ?? "waits for negotiation";
    text(what.lastChild, [row.mid == null ? "" : `mid ${row.mid}`, way, row.recording ? "recording" : ""].filter(Boolean).join(" · "));

    const streams = new Set(row.streams);
    const state = row.streams.join() + row.idle + row.held + row.stopped + row.recording + row.ended + this.canRecord;
    if (node.state === state) return; // keep the focus on a button that was just pressed
    node.state = state;
    const h = this.#handlers;
    chipBox.replaceChildren(chips(streams, (name) => {
      const names = letters.filter((n) => (n === name ? !streams.has(n) : streams.has(n)));
      h.setStreams(row, names);
    }, row.idle || row.stopped));
    const button = (label, title, action, kind = "quiet") =>
      el("button." + kind, { title, onclick: (e) => this.#do(e.currentTarget, () => action(row)) }, label);
    does.replaceChildren(...(row.idle || row.stopped
      ? [!row.ended && button("Add again", "addTrack() with the same track", h.addAgain),
         !row.stopped && button("Stop", "transceiver.stop(): the m-section becomes free for another track", h.stop)]
      : [button(row.held ? "Resume" : "Hold", "change the transceiver's direction", h.hold),
         this.canRecord && h.record && button(row.recording ? "End recording" : "Record", "the program writes what arrives to a file", h.record),
         button("Remove", "removeTrack()", h.remove)]).filter(Boolean));
  }

  async #do(button, action) {
    button.disabled = true;
    try {
      await action();
    } catch (e) {
      this.#handlers.fail(e);
    } finally {
      button.disabled = false;
    }
  }
}

// chips is a row of toggles, one for each stream that a track can run in.
function chips(active, toggle, disabled = false) {
  return el("span.lines", { role: "group", "aria-label": "Streams" }, ...letters.map((name) => {
    const node = el("button.line", { disabled, title: `stream ${name}`, dataset: { line: name }, "aria-pressed": String(active.has(name)) }, name);
    node.onclick = () => {
      toggle(name);
      node.setAttribute("aria-pressed", String(active.has(name)));
    };
    return node;
  }));
}

function preview(track) {
  const video = el("video.preview", { muted: true, autoplay: true, playsInline: true });
  video.srcObject = new MediaStream([track]);
  return video;
}

export function glyph(kind) {
  const span = el("span.glyph", { "aria-hidden": "true", dataset: { kind } });
  span.innerHTML = kind === "video"
    ? '<svg viewBox="0 0 24 24"><rect x="2.500" y="6" width="13" height="12" rx="2"/><path d="m15.500 11 6-3.500v9l-6-3.500z"/></svg>'
    : '<svg viewBox="0 0 24 24"><path d="M4 10v4M8 6.500v11M12 3v18M16 7.500v9M20 10v4"/></svg>';
  return span;
}
