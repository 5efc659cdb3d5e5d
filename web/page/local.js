// What this page sends: its sources, its streams and its senders.
const letters = ["A", "B", "C"];

export class LocalTracks {
  #call;
  #entries = []; // { sender, transceiver, track, name, streams (names) }

  constructor(call) {
    this.#call = call;
    this.streams = new Map(letters.map((name) => [name, new MediaStream()]));
  }

  // missing says why the browser offers no devices, or "".
  static get missing() {
    if (navigator.mediaDevices) return "";
    return isSecureContext
      ? "This browser offers no access to cameras. The test card works everywhere."
      : "The browser hides camera, microphone and screen, because this page came over plain http from another machine. Open it as http://localhost, or serve it with TLS. The test card works here too.";
  }

  sources() {
    const devices = navigator.mediaDevices;
    return [
      { id: "camera", name: "Camera", kind: "video", disabled: !devices?.getUserMedia },
      { id: "microphone", name: "Microphone", kind: "audio", disabled: !devices?.getUserMedia },
      { id: "screen", name: "Screen", kind: "video", disabled: !devices?.getDisplayMedia },
      { id: "card", name: "Test card", kind: "video" },
    ];
  }

  streamName(id) {
    for (const [name, stream] of this.streams) if (stream.id === id) return name;
    return id.slice(0, 8);
  }

  async add(source, streamNames) {
    const tracks = await open(source);
    for (const track of tracks) {
      track.addEventListener("ended", () => this.#drop(track));
      this.#attach({ track, name: source.name }, streamNames);
    }
  }

  #attach(entry, streamNames) {
    const { pc } = this.#call;
    entry.sender = pc.addTrack(entry.track, ...streamNames.map((n) => this.streams.get(n)));
    entry.transceiver = pc.getTransceivers().find((t) => t.sender === entry.sender);
    entry.streams = streamNames;
    this.#entries = this.#entries.filter((e) => e !== entry);
    this.#entries.push(entry);
    this.#call.log("addTrack()", `${entry.name} → ${streamNames.join(", ") || "no stream"}`, { act: true });
    this.#changed();
  }

  #drop(track) { // the device or the user's browser chrome ended it
    for (const e of this.#entries) {
      if (e.track === track && e.sender.track) {
        this.#call.pc.removeTrack(e.sender);
        this.#call.log("removeTrack()", `${e.name} ended`, { act: true });
      }
    }
    this.#changed();
  }

  rows() {
    return this.#entries.map((e) => {
      const { transceiver, sender } = e;
      const stopped = (transceiver.currentDirection ?? transceiver.direction) === "stopped";
      return {
        key: e.track.id, entry: e, name: e.name, kind: e.track.kind, track: e.track,
        mid: transceiver.mid, direction: transceiver.direction, current: transceiver.currentDirection,
        streams: e.streams, streamIds: e.streams.map((n) => this.streams.get(n).id),
        idle: !sender.track, stopped,
        held: !!sender.track && !/send/.test(transceiver.direction),
        sending: !!sender.track && !stopped && /send/.test(transceiver.currentDirection ?? ""),
        ended: e.track.readyState === "ended",
      };
    });
  }

  setStreams({ entry }, names) {
    entry.streams = names;
    entry.sender.setStreams(...names.map((n) => this.streams.get(n)));
    this.#call.log("setStreams()", `${entry.name} → ${names.join(", ") || "no stream"}`, { act: true });
    this.#changed();
  }

  hold({ entry, held }) {
    const { transceiver } = entry;
    const receives = /recv/.test(transceiver.direction);
    transceiver.direction = held ? (receives ? "sendrecv" : "sendonly") : receives ? "recvonly" : "inactive";
    this.#call.log("direction =", `${transceiver.direction} · ${entry.name}`, { act: true });
    this.#changed();
  }

  remove({ entry }) {
    this.#call.pc.removeTrack(entry.sender);
    this.#call.log("removeTrack()", entry.name, { act: true });
    this.#changed();
  }

  addAgain({ entry, streams }) {
    this.#attach(entry, streams);
  }

  stop({ entry }) {
    if ((entry.transceiver.currentDirection ?? "") !== "stopped") entry.transceiver.stop();
    entry.track.stop();
    this.#entries = this.#entries.filter((e) => e !== entry);
    this.#call.log("stop()", `${entry.name}: its m-section is free`, { act: true });
    this.#changed();
  }

  end() {
    for (const e of this.#entries) e.track.stop();
    this.#entries = [];
  }

  #changed() {
    this.#call.dispatchEvent(new Event("change"));
  }
}

async function open({ id }) {
  switch (id) {
    case "camera":
      return (await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360 } })).getTracks();
    case "microphone":
      return (await navigator.mediaDevices.getUserMedia({ audio: true })).getTracks();
    case "screen":
      return (await navigator.mediaDevices.getDisplayMedia({ video: true, audio: true })).getTracks();
    default:
      return [testCard()];
  }
}

// testCard draws a clock on colour bars: a picture that needs no device.
function testCard() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 480, height: 270 });
  const g = canvas.getContext("2d");
  const bars = ["#d8d8d8", "#d8d020", "#20d0d8", "#20c040", "#d030c0", "#d03028", "#2838d0"];
  const draw = () => {
    bars.forEach((colour, i) => {
      g.fillStyle = colour;
      g.fillRect((i * 480) / 7, 0, 480 / 7 + 1, 190);
    });
    g.fillStyle = "#101614";
    g.fillRect(0, 190, 480, 80);
    g.fillStyle = "#fff";
    g.fillRect((Date.now() / 6) % 480, 190, 6, 80);
    g.font = "600 40px ui-monospace, monospace";
    g.fillText(new Date().toLocaleTimeString("en-GB") + "." + Math.floor((Date.now() % 1000) / 100), 24, 245);
  };
  draw();
  const timer = setInterval(draw, 40);
  const [track] = canvas.captureStream(25).getVideoTracks();
  const stop = track.stop.bind(track);
  track.stop = () => {
    clearInterval(timer);
    stop();
  };
  return track;
}
