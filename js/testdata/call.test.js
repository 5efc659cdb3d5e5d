const connect = async (a, b) => {
  a.onicecandidate = e => b.addIceCandidate(e.candidate);
  b.onicecandidate = e => a.addIceCandidate(e.candidate);
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription);
};

test('addTrack: the remote peer gets the track in the stream', async t => {
  const a = new RTCPeerConnection(), b = new RTCPeerConnection();
  t.cleanup(() => { a.close(); b.close(); });
  const needed = new Promise(r => a.onnegotiationneeded = r);
  const stream = await navigator.mediaDevices.getUserMedia({ video: true });
  const [track] = stream.getTracks();
  const sender = a.addTrack(track, stream);
  assert(sender.track === track && a.getSenders()[0] === sender, 'same objects each time');
  await needed;
  const arrived = new Promise(r => b.ontrack = r);
  await connect(a, b);
  const e = await arrived;
  assertEquals(e.streams[0].id, stream.id);
  assert(e.streams === e.streams && e.receiver === b.getReceivers()[0] && e.transceiver === b.getTransceivers()[0]);
  await assertThrows(() => a.addTrack(track), 'InvalidAccessError');
});
test('errors are DOMExceptions, rejected or thrown as the method is', async () => {
  const pc = new RTCPeerConnection();
  await assertThrows(() => pc.createAnswer(), 'InvalidStateError');
  await assertThrows(() => pc.setRemoteDescription({ type: 'offer', sdp: 'bogus' }));
  await assertThrows(() => pc.setRemoteDescription({ type: 'nonsense' }), 'TypeError');
  pc.close();
  await assertThrows(() => pc.addTransceiver('audio'), 'InvalidStateError');
  await assertThrows(() => new RTCPeerConnection({ iceServers: [{ urls: 'http:x' }] }), 'SyntaxError');
});
test('data channels carry text and bytes', async t => {
  const a = new RTCPeerConnection(), b = new RTCPeerConnection();
  t.cleanup(() => { a.close(); b.close(); });
  const channel = a.createDataChannel('chat');
  const remote = new Promise(r => b.ondatachannel = e => r(e.channel));
  await connect(a, b);
  const other = await remote;
  other.binaryType = 'arraybuffer';
  const got = [];
  const all = new Promise(r => other.onmessage = e => { got.push(e.data); if (got.length === 2) r(); });
  if (channel.readyState !== 'open') await new Promise(r => channel.onopen = r);
  channel.send('hällo');
  channel.send(new Uint8Array([1, 2]));
  await all;
  assertEquals(got[0], 'hällo');
  assertEquals([...new Uint8Array(got[1])].join(), '1,2');
});
test('getStats is a maplike of dictionaries', async t => {
  const pc = new RTCPeerConnection();
  t.cleanup(() => pc.close());
  const report = await pc.getStats();
  assert(report instanceof RTCStatsReport && report.size > 0);
  const [entry] = [...report.values()].filter(s => s.type === 'peer-connection');
  assertEquals(report.get(entry.id).id, entry.id);
});
