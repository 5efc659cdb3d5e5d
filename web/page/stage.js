// What arrives here: every stream with its tracks, playing in sync.
import { el, keyed, text, short } from "./dom.js";
import { Meters } from "./meters.js";
import { glyph } from "./tracks.js";

export class Stage {
  #call;
  #root;
  #sound = new Set(); // the streams that the visitor wants to hear
  #meters = new Meters();
  stats = new Map(); // by track identifier: { fps }

  constructor(root, call) {
    this.#root = root;
    this.#call = call;
  }

  render() {
    const call = this.#call;
    const receiving = call.ended ? [] : call.receiving();
    const groups = [...new Set(receiving.flatMap((r) => r.streams))]
      .map((stream) => ({ key: call.streamId(stream), stream, tracks: receiving.filter((r) => r.streams.includes(stream)) }));
    const loose = receiving.filter((r) => !r.streams.length);
    if (loose.length) groups.push({ key: "none", stream: null, tracks: loose });
    if (!groups.length) groups.push({ key: "empty" });
    keyed(this.#root, groups, (g) => g.key,
      (g) => (g.key === "empty" ? empty(call) : this.#group(g)),
      (node, g) => g.key !== "empty" && this.#fill(node, g));
  }

  #group({ key }) {
    const sound = el("button.sound", { "aria-pressed": "false" });
    sound.onclick = () => {
      this.#sound.has(key) ? this.#sound.delete(key) : this.#sound.add(key);
      this.render();
    };
    return el("article.stream", {},
      el("header", {}, el("span.bullet"), el("div", {}, el("h2"), el("small", { title: key })), sound),
      el("div.pictures"), el("div.sounds"));
  }

  #fill(node, { key, stream, tracks }) {
    const [header, pictures, sounds] = node.children;
    const [bullet, title, sound] = header.children;
    const name = stream ? this.#call.streamName(key) : "";
    const echo = name.startsWith("echo of ");
    bullet.dataset.line = name.slice(-1);
    bullet.classList.toggle("echo", echo);
    text(bullet, stream ? name.slice(-1) : "–");
    text(title.firstChild, !stream ? "Without a stream" : echo ? `Echo of your stream ${name.slice(-1)}` : `Stream ${name}`);
    text(title.lastChild, stream ? `${count(tracks)} · id ${short(key)}` : `${count(tracks)} · a=msid:-`);

    const videos = tracks.filter((t) => t.track.kind === "video");
    const audios = tracks.filter((t) => t.track.kind === "audio");
    // One element plays the stream itself, which keeps its tracks in sync;
    // more pictures of the same stream get an element each.
    keyed(pictures, videos, (v) => v.track.id, ({ track }) => tile(track), (tileNode, { track }) => {
      const lead = stream && track === videos[0].track;
      const video = tileNode.firstChild;
      const wanted = lead ? stream : video.own ??= new MediaStream([track]);
      if (video.srcObject !== wanted) video.srcObject = wanted;
      video.muted = !(lead && this.#sound.has(key));
      tileNode.classList.toggle("muted", track.muted);
    });
    pictures.classList.toggle("many", videos.length > 1);

    keyed(sounds, audios, (a) => a.track.id, ({ track }) => meter(track), (meterNode, { track }) => {
      const audio = meterNode.lastChild;
      // Without a picture, or without a stream, the sound needs a player of its own.
      const alone = !stream || !videos.length;
      audio.muted = !this.#sound.has(key) || !alone;
      if (audio.srcObject === null) audio.srcObject = new MediaStream([track]);
      meterNode.classList.toggle("muted", track.muted);
      if (this.#sound.has(key)) audio.play().catch(() => {});
    });
    sound.hidden = !audios.length;
    sound.setAttribute("aria-pressed", String(this.#sound.has(key)));
    text(sound, this.#sound.has(key) ? "Mute" : "Listen");
  }

  // tick refreshes the numbers that change without an event.
  tick() {
    const heard = new Set();
    for (const node of this.#root.querySelectorAll("[data-track]")) {
      if (node.classList.contains("tile")) {
        const video = node.firstChild;
        const { fps } = this.stats.get(node.dataset.track) ?? {};
        text(node.querySelector("figcaption small"), video.videoWidth ? `${video.videoWidth}×${video.videoHeight} · ${Math.round(fps ?? 0)} fps` : "");
      } else {
        heard.add(node.track);
        node.style.setProperty("--level", this.#meters.level(node.track).toFixed(3));
      }
    }
    this.#meters.keep(heard);
  }
}

const count = (tracks) => (tracks.length === 1 ? "1 track" : `${tracks.length} tracks`);

function tile(track) {
  const video = el("video", { muted: true, autoplay: true, playsInline: true });
  const node = el("figure.tile", { dataset: { track: track.id } }, video,
    el("figcaption", {}, el("span.state"), el("small")));
  node.dispose = () => { video.srcObject = null; };
  return node;
}

function meter(track) {
  const audio = el("audio", { muted: true, autoplay: true });
  const node = el("div.meter", { dataset: { track: track.id } }, glyph("audio"), el("span.bar"), el("span.state"), audio);
  node.track = track;
  node.dispose = () => { audio.srcObject = null; };
  return node;
}

function empty(call) {
  const node = el("div.buffer", {}, el("p"), el("p"));
  const [head, hint] = node.children;
  if (call.ended) {
    head.append(call.ended);
    hint.append(el("button.primary", { onclick: () => location.reload() }, "Call again"));
  } else {
    head.append("No track arrives.");
    hint.append("Add one of the program’s tracks, or send your own: what you send comes back.");
  }
  return node;
}
