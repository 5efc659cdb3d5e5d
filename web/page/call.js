// One call with the program: the WebSocket, the connection, what each end
// knows, and the events of both ends on one clock.
//
// Events of a Call: "entry" (a line for the timeline, in detail), "change"
// (anything the page shows may have changed), "failure" (a message in detail).
import { Negotiation } from "./negotiation.js";
import { LocalTracks } from "./local.js";
import { level, interval } from "./lipsync.js";

const handlers = ["negotiationneeded", "signalingstatechange", "iceconnectionstatechange", "icegatheringstatechange", "connectionstatechange"];

export class Call extends EventTarget {
  #standIns = new Map();
  #levelling;
  #levelled = new Map();

  constructor(socketURL) {
    super();
    this.program = { sources: [], streams: [], senders: [], receivers: [], echoes: [], signaling: "", echo: true, record: false };
    this.streams = new Map(); // the remote streams by id, in order of arrival
    this.ended = "";
    this.offset = 0; // the program's clock minus ours, in ms
    this.counts = { sent: 0, received: 0 };
    this.pc = new RTCPeerConnection();
    this.local = new LocalTracks(this);
    this.socket = new WebSocket(socketURL);
    this.socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    this.socket.onclose = ({ reason, code }) => this.end(reason || (code === 1000 ? "The call has ended." : "The program is gone."));
    this.#watch();
    this.#levelling = setInterval(() => this.#level(), interval);
  }

  // log puts an event of this page on the timeline.
  log(name, detail = "", extra = {}) {
    this.#entry({ end: "page", t: Date.now(), name, detail, ...extra });
  }

  fail(error) {
    const message = error?.message ?? String(error);
    this.log("error", message, { tone: "stop" });
    this.dispatchEvent(new CustomEvent("failure", { detail: message }));
  }

  // command asks the program for something.
  command(app) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ app }));
  }

  end(reason) {
    if (this.ended) return;
    this.ended = reason;
    clearInterval(this.#levelling);
    this.pc.close();
    this.local.end();
    this.socket.close(1000);
    this.log("closed", reason, { tone: "stop" });
    this.#changed();
  }

  // receiving lists the tracks that arrive: { track, transceiver, streams }.
  receiving() {
    const named = msids(this.pc.currentRemoteDescription?.sdp ?? "");
    return this.pc.getTransceivers()
      .filter((t) => /recv/.test(t.currentDirection ?? ""))
      .map((transceiver) => {
        const { track } = transceiver.receiver;
        const streams = [...this.streams.values()].filter((s) => s.getTracks().includes(track));
        for (const id of named.get(transceiver.mid) ?? []) {
          if (!this.streams.has(id)) streams.push(this.#standIn(id, track));
        }
        return { track, transceiver, streams };
      });
  }

  // No event tells of a stream that the other end gave to a track later, by
  // setStreams, unless a track of it had arrived before: the browser makes the
  // stream and keeps it to itself. This one stands in for it.
  #standIn(id, track) {
    let stream = this.#standIns.get(id);
    if (!stream) {
      stream = new MediaStream();
      this.#standIns.set(id, stream);
    }
    for (const t of stream.getTracks()) if (t.readyState === "ended") stream.removeTrack(t);
    stream.addTrack(track);
    return stream;
  }

  // streamId is the identifier that the other end gave a stream.
  streamId(stream) {
    for (const [id, standIn] of this.#standIns) if (standIn === stream) return id;
    return stream.id;
  }

  // agreement compares what each end believes: "" while a negotiation runs,
  // else { ok, tracks, why }.
  agreement() {
    const { program, pc } = this;
    if (this.ended || pc.signalingState !== "stable" || program.signaling !== "stable") return "";
    const same = (a, b) => [...a].sort().join() === [...b].sort().join();
    const incoming = new Map(this.receiving().map((r) => [r.transceiver.mid, r.streams.map((s) => this.streamId(s))]));
    let tracks = 0;
    for (const s of program.senders.filter((s) => s.sending)) {
      tracks++;
      const ours = incoming.get(s.mid);
      if (!ours) return { ok: false, why: `m-section ${s.mid} does not arrive here` };
      if (!same(ours, s.streamIds)) return { ok: false, why: `m-section ${s.mid} arrives in ${this.#names(ours)}, but was sent in ${this.#names(s.streamIds)}` };
      incoming.delete(s.mid);
    }
    if (incoming.size) return { ok: false, why: `m-section ${[...incoming.keys()][0]} arrives here unsent` };
    const theirs = new Map(program.receivers.map((r) => [r.mid, r.streamIds]));
    for (const row of this.local.rows()) {
      if (!row.sending) continue;
      tracks++;
      if (!theirs.has(row.mid)) return { ok: false, why: `m-section ${row.mid} does not reach the program` };
      if (!same(theirs.get(row.mid), row.streamIds)) return { ok: false, why: `the program has m-section ${row.mid} in ${this.#names(theirs.get(row.mid))}, but it was sent in ${this.#names(row.streamIds)}` };
    }
    return { ok: true, tracks };
  }

  #names(ids) {
    return ids.map((id) => this.streamName(id)).join(", ") || "no stream";
  }

  // #level keeps the sound and pictures of each stream in step.
  #level() {
    const all = this.receiving();
    for (const stream of new Set(all.flatMap((r) => r.streams))) {
      const entries = all.filter((r) => r.streams.includes(stream)).map(({ track, transceiver }) => ({ kind: track.kind, receiver: transceiver.receiver }));
      if (entries.length > 1) level(entries, this.#levelled).catch(() => {}); // the connection is closing
    }
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }

  #entry(detail) {
    this.dispatchEvent(new CustomEvent("entry", { detail }));
  }

  #watch() {
    const { pc } = this;
    const state = { signalingstatechange: "signalingState", iceconnectionstatechange: "iceConnectionState",
      icegatheringstatechange: "iceGatheringState", connectionstatechange: "connectionState" };
    for (const name of handlers) {
      pc.addEventListener(name, () => {
        this.log(name, state[name] ? pc[state[name]] : "", { tone: tone(pc[state[name]]) });
        this.#changed();
      });
    }
    pc.addEventListener("track", ({ track, streams, transceiver }) => {
      const where = streams.length ? streams.map((s) => this.streamName(s.id)).join(", ") : "no stream";
      this.log("track", `${track.kind} · mid ${transceiver.mid} · ${where}`, { tone: "clear" });
      this.#watchTrack(track, transceiver);
      streams.forEach((s) => this.#watchStream(s));
      this.#changed();
    });
  }

  #watchTrack(track, transceiver) {
    if (track.watched) return;
    track.watched = true;
    for (const name of ["mute", "unmute", "ended"]) {
      track.addEventListener(name, () => {
        this.log(name, `${track.kind} · mid ${transceiver.mid ?? "–"}`);
        this.#changed();
      });
    }
  }

  #watchStream(stream) {
    // A stream that lost its last track may come again as another object.
    if (this.streams.get(stream.id) === stream) return;
    this.streams.set(stream.id, stream);
    for (const name of ["addtrack", "removetrack"]) {
      stream.addEventListener(name, ({ track }) => {
        this.log(name, `${track.kind} · ${this.streamName(stream.id)}`);
        this.#changed();
      });
    }
  }

  // streamName is what people call a stream: A, B, C, or the echo of one.
  streamName(id) {
    const known = this.program.streams.find((s) => s.id === id);
    if (known) return known.name;
    const echo = this.program.echoes.find((s) => s.id === id);
    if (echo) return `echo of ${this.local.streamName(echo.of)}`;
    return this.local.streamName(id);
  }

  #negotiate({ polite }) {
    this.negotiation = new Negotiation(this.pc, {
      polite,
      send: (message) => this.socket.send(JSON.stringify(message)),
      onError: (e) => this.fail(e),
      observe: (what, x) => {
        if (what.startsWith("candidate")) {
          this.log(what, x.candidate ? x.candidate.split(" ").slice(4, 8).join(" ") : "end of candidates", { minor: true });
          return;
        }
        const leaves = what === "sent";
        const n = this.counts[leaves ? "sent" : "received"]++;
        this.log(what === "ignored" ? `${x.type} ignored` : x.type, leaves ? "sent" : "", {
          message: { way: leaves ? "up" : "down", n, start: leaves, type: x.type, ignored: what === "ignored" },
        });
      },
    });
    this.log("session", polite ? "polite" : "impolite");
  }

  #take({ description, candidate, app }) {
    if (description || candidate) {
      this.negotiation.receive({ description, candidate }).catch((e) => this.ended || this.fail(e)).finally(() => this.#changed());
      return;
    }
    switch (app?.op) {
      case "hello":
        Object.assign(this.program, app);
        this.#negotiate(app);
        this.dispatchEvent(new Event("open"));
        this.command({ op: "ping", t: Date.now() });
        break;
      case "state":
        Object.assign(this.program, app);
        break;
      case "event": {
        const { op, ...entry } = app;
        this.#entry({ end: "program", tone: tone(entry.detail), ...entry, t: entry.t - this.offset });
        return;
      }
      case "pong": // the program's clock, less half a round trip
        this.offset = app.t - (app.sent + Date.now()) / 2;
        return;
      case "error":
        this.fail(app.message);
        break;
    }
    this.#changed();
  }
}

// msids reads which streams each m-section names: the identifiers by mid.
function msids(sdp) {
  const found = new Map();
  for (const section of sdp.split("\r\nm=").slice(1)) {
    const mid = /\r\na=mid:(\S+)/.exec(section)?.[1];
    const ids = [...section.matchAll(/\r\na=msid:(\S+)/g)].map((m) => m[1]).filter((id) => id !== "-");
    found.set(mid, ids);
  }
  return found;
}

function tone(state) {
  if (/^(connected|completed|stable)$/.test(state)) return "clear";
  if (/^(have-|checking|connecting|disconnected)/.test(state)) return "caution";
  if (/^(failed|closed)/.test(state)) return "stop";
  return "";
}
