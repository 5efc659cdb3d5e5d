// The browser's end of a test call: a connection with perfect negotiation over
// a WebSocket, and a record of what its events said.
import { Negotiation } from "/demo/negotiation.js";

window.call = async function (id, polite, configuration) {
  const pc = new RTCPeerConnection(configuration);
  const socket = new WebSocket(`ws://${location.host}/interop/signal?id=${id}`);
  const peer = window.peer = { pc, socket, events: [], tracks: [], steps: [], errors: [], streams: new Map() };
  const negotiation = new Negotiation(pc, {
    polite,
    send: (message) => socket.send(JSON.stringify(message)),
    observe: (what, x) => peer.steps.push(x.type ? `${what} ${x.type}` : what),
    onError: (e) => peer.errors.push(`${e.name}: ${e.message}`),
  });
  const log = (name, track, more = {}) => peer.events.push({ name, track: track?.id, kind: track?.kind, ...more });
  for (const name of ["negotiationneeded", "signalingstatechange"]) pc.addEventListener(name, () => log(name));
  pc.addEventListener("track", ({ track, streams, transceiver }) => {
    log("track", track, { mid: transceiver.mid, streams: streams.map((s) => s.id), muted: track.muted });
    peer.tracks.push({ track, streams, transceiver });
    if (!track.watched) {
      track.watched = true;
      for (const name of ["mute", "unmute", "ended"]) track.addEventListener(name, () => log(name, track));
    }
    for (const stream of streams) {
      if (peer.streams.has(stream.id)) continue;
      peer.streams.set(stream.id, stream);
      for (const name of ["addtrack", "removetrack"]) stream.addEventListener(name, ({ track }) => log(name, track, { stream: stream.id }));
    }
    peer.onTrack?.({ track, streams, transceiver });
  });
  socket.onmessage = ({ data }) => negotiation.receive(JSON.parse(data)).catch((e) => peer.errors.push(`${e.name}: ${e.message}`));
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error("the signalling socket failed"));
  });
};

// arrived waits for the track of a kind, the n-th that came by the track event.
window.arrived = (kind, n = 0) => T.until(`${kind} track ${n} arrives`, () => peer.tracks.filter((t) => t.track.kind === kind)[n]);

// tap lists the coded frames that pass a sender or receiver from now on; the
// function it returns gives the list.
window.tap = function (end) {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker("/interop/tap.js");
  end.transform = new RTCRtpScriptTransform(worker, { port: port2 }, [port2]);
  return () => new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
    port1.postMessage("list");
  });
};

// tapBoth taps sender and receiver of a transceiver. Chromium takes a transform
// only in the task in which the script first sees the two.
window.tapBoth = (transceiver) => {
  peer.tapOut ??= tap(transceiver.sender);
  peer.tapIn ??= tap(transceiver.receiver);
};

// watch notes when a track's count of decoded frames grows, until it is told to
// stop. mark ends a stretch of time: its longest pause is told and forgotten. A
// browser that starts its statistics anew has made a new decoder; that counts as
// a restart. stall is the longest time in which this page did not run when it
// wanted to, because the machine was busy.
window.watch = function (pc, track) {
  let last = -1, since = performance.now(), begin, running = true, mine;
  const reset = () => {
    begin = performance.now();
    mine = { longest: 0, frames: 0, restarts: 0, stall: 0 };
  };
  reset();
  const done = (async () => {
    for (let woke = performance.now(); running; ) {
      const n = (await T.inbound(pc, track))?.framesDecoded;
      const now = performance.now();
      if (n !== undefined && n !== last) {
        if (last >= 0) {
          mine.longest = Math.max(mine.longest, now - since);
          mine.frames += n > last ? n - last : n;
          if (n < last) mine.restarts++;
        }
        last = n;
        since = now;
      }
      await T.sleep(15);
      mine.stall = Math.max(mine.stall, performance.now() - woke - 15);
      woke = performance.now();
    }
  })();
  const mark = () => {
    const now = performance.now();
    const told = { ...mine, longest: Math.max(mine.longest, now - since), elapsed: now - begin };
    for (const name in told) told[name] = Math.round(told[name]);
    reset();
    return told;
  };
  return { mark, async stop() { running = false; await done; return mark(); } };
};

// numbers reads the frame numbers from what a video element shows, as package
// pattern draws them: -1 where there is none.
window.numbers = function (video) {
  const list = [], cells = 18;
  const canvas = document.createElement("canvas");
  const g = canvas.getContext("2d", { willReadFrequently: true });
  const look = () => {
    [canvas.width, canvas.height] = [video.videoWidth, 1];
    g.drawImage(video, 0, Math.floor((0.925 + 0.045 / 2) * video.videoHeight), video.videoWidth, 1, 0, 0, video.videoWidth, 1);
    const { data } = g.getImageData(0, 0, canvas.width, 1);
    const bits = Array.from({ length: cells }, (_, i) => +(data[4 * Math.floor((0.3 + 0.4 * (i + 0.5) / cells) * canvas.width) + 1] > 127));
    const parity = bits.slice(1, -1).reduce((a, b) => a ^ b, 0);
    list.push(bits[0] === parity && bits[cells - 1] === 1 - parity ? parseInt(bits.slice(1, -1).join(""), 2) : -1);
    if (video.srcObject) video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  return list;
};
