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

// watch records the longest time in which a track decoded no frame, until the
// function it returns is called, and how often that was long. A browser that starts its statistics anew has
// made a new decoder; its frames are counted on.
window.watch = function (pc, track) {
  const start = performance.now();
  let last = -1, since = start, longest = 0, long = 0, frames = 0, restarts = 0, running = true;
  const done = (async () => {
    while (running) {
      const n = (await T.inbound(pc, track))?.framesDecoded;
      const now = performance.now();
      if (n !== undefined && n !== last) {
        if (last >= 0) {
          longest = Math.max(longest, now - since);
          if (now - since > 400) long++;
          frames += n > last ? n - last : n;
          if (n < last) restarts++;
        }
        last = n;
        since = now;
      }
      await T.sleep(25);
    }
    longest = Math.max(longest, performance.now() - since);
  })();
  return async () => {
    running = false;
    await done;
    return { longest: Math.round(longest), long, frames, restarts, elapsed: Math.round(performance.now() - start) };
  };
};
