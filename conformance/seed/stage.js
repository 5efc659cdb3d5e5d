// One end of a call. Every page that is a stage has the same text; args.role
// says which end it is, the caller or the callee, and args.socket is the
// address of the signalling, which passes what one end sends to the other. A
// scene follows this text and ends with: return play({caller, callee}).
const role = args.role;
const socket = new WebSocket(args.socket);
await new Promise((resolve, reject) => {
  socket.onopen = resolve;
  socket.onerror = () => reject(new Error('the signalling socket failed'));
});

const pc = new RTCPeerConnection();
const fail = message => { throw new Error(`the ${role}: ${message}`); };
const assert = (condition, message) => condition || fail(message);
const assertEquals = (got, want, what) => assert(Object.is(got, want), `${what}: got ${got}, want ${want}`);
const assertThrows = (name, what, body) => {
  try { body(); } catch (e) { return assertEquals(e.name, name, what); }
  fail(`${what} must throw ${name}`);
};

// What the other end tells waits here until it is asked for.
const told = new Map();
const asked = new Map();
const tell = (about, value = true) => socket.send(JSON.stringify({ about, value }));
const hear = about => new Promise(resolve => {
  if (!told.has(about)) return asked.set(about, resolve);
  resolve(told.get(about));
  told.delete(about);
});

// until waits for a condition that no event announces.
const until = async (what, condition, ms = 15000) => {
  for (const end = performance.now() + ms; ;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) fail(`waited ${ms} ms in vain: ${what} (${pc.signalingState}, ${pc.iceConnectionState}, ${pc.connectionState})`);
    await new Promise(r => setTimeout(r, 20));
  }
};

// negotiate makes an offer and returns when the answer is set. The other end
// answers by itself, unless a scene sets answer to something else.
const negotiate = async () => {
  await pc.setLocalDescription();
  tell('offer', pc.localDescription);
  await answered();
};
const answered = async () => {
  await pc.setRemoteDescription(await hear('answer'));
  await addCandidates();
};
let answer = async offer => {
  await pc.setRemoteDescription(offer);
  await pc.setLocalDescription();
};

// log has the events in the order in which they fired.
const log = [];
const note = (...names) => names.forEach(name => pc.addEventListener(name, () => log.push(name)));
note('negotiationneeded', 'track');
const count = name => log.filter(n => n === name).length;

// turn waits until what is queued has run: negotiationneeded, for instance.
const turn = () => new Promise(r => setTimeout(r, 50));

pc.onicecandidate = e => tell('candidate', e.candidate);
const arrived = [];
pc.addEventListener('track', e => arrived.push({ event: e, muted: e.track.muted, streams: e.streams }));

let ended;

// A description may come later than the candidates that go with it.
const early = [];
const addCandidates = async () => {
  while (pc.remoteDescription && early.length) await pc.addIceCandidate(early.shift());
};
const over = new Promise((_, reject) => ended = reject);
socket.onclose = () => ended(new Error(`the ${role}: the other end is gone`));
socket.onmessage = async ({ data }) => {
  const { about, value } = JSON.parse(data);
  try {
    if (about === 'candidate') {
      early.push(value ?? undefined);
    } else if (about === 'offer') {
      await answer(value);
      tell('answer', pc.localDescription);
    } else if (asked.has(about)) {
      asked.get(about)(value);
      asked.delete(about);
    } else {
      told.set(about, value);
    }
    await addCandidates();
  } catch (e) {
    ended(e);
  }
};

const camera = () => navigator.mediaDevices.getUserMedia({ video: true, audio: true });
const kinds = stream => stream.getTracks().map(t => t.kind).sort().join();
const videoElem = document.createElement('video');
videoElem.muted = videoElem.autoplay = true;
document.body.append(videoElem);

// inbound is the statistics of what is received of a track.
const inbound = async track => {
  for (const s of (await pc.getStats(track)).values()) if (s.type === 'inbound-rtp') return s;
  return {};
};

// picture reads a small copy of what an element shows.
const canvas = Object.assign(document.createElement('canvas'), { width: 32, height: 18 });
const picture = element => {
  const g = canvas.getContext('2d', { willReadFrequently: true });
  g.drawImage(element, 0, 0, canvas.width, canvas.height);
  return [...g.getImageData(0, 0, canvas.width, canvas.height).data];
};

// plays waits until an element shows a moving picture, with more than one
// colour or brightness over time, and has sound in the track beside it.
const plays = async (element, stream = element.srcObject) => {
  element.play().catch(() => {});
  const [video] = stream.getVideoTracks(), [audio] = stream.getAudioTracks();
  if (video) {
    await until('unmute of the picture', () => !video.muted);
    await until('the size of the picture', () => element.videoWidth > 0);
    const first = picture(element);
    await until('the picture moves', () => picture(element).some((v, i) => Math.abs(v - first[i]) > 8));
  }
  if (audio) {
    await until('unmute of the sound', () => !audio.muted);
    if (pc.getReceivers().some(r => r.track === audio)) {
      // A muted element need not decode.
      const listener = document.createElement('audio');
      listener.srcObject = new MediaStream([audio]);
      listener.play().catch(() => {});
      await until('the sound has energy', async () => (await inbound(audio)).totalAudioEnergy > 0);
      listener.srcObject = null;
    }
  }
};

// receives waits until the picture or the sound of a track is decoded.
const receives = async track => {
  const element = document.createElement('video');
  element.muted = element.autoplay = true;
  document.body.append(element);
  element.srcObject = new MediaStream([track]);
  await plays(element);
  element.srcObject = null;
  element.remove();
};

// play runs this end's part and ends the call when the other's is over too.
const play = async parts => {
  try {
    await Promise.race([parts[role](), over]);
    tell('the end');
    await Promise.race([hear('the end'), over]);
  } finally {
    socket.onclose = null;
    socket.onmessage = null;
    for (const { track } of pc.getSenders()) track?.stop();
    videoElem.srcObject?.getTracks().forEach(t => t.stop());
    videoElem.srcObject = null;
    pc.close();
    socket.close();
  }
};

