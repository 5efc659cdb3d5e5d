const next = port => new Promise(r => { port.onmessage = e => r(e.data); });

async function call(t, kind, prepare) {
  const a = new RTCPeerConnection(), b = new RTCPeerConnection();
  t.cleanup(() => { a.close(); b.close(); });
  a.onicecandidate = e => b.addIceCandidate(e.candidate);
  b.onicecandidate = e => a.addIceCandidate(e.candidate);
  const constraints = { audio: { audio: true }, video: { video: { width: 160, height: 120, frameRate: 15 } } };
  const stream = await navigator.mediaDevices.getUserMedia(constraints[kind]);
  t.cleanup(() => stream.getTracks().forEach(track => track.stop()));
  const sender = a.addTrack(stream.getTracks()[0], stream);
  const arrived = new Promise(r => { b.ontrack = e => r(e.receiver); });
  const ready = prepare(sender, arrived);
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription);
  await ready;
  return { a, b, sender, receiver: await arrived, stream };
}

function transform(worker, side) {
  const { port1, port2 } = new MessageChannel();
  const t = new RTCRtpScriptTransform(worker, { side, port: port2 }, [port2]);
  return [t, port1];
}

test('a worker transforms what is sent, and another what is received', async t => {
  const worker = new Worker('transform-worker.js');
  t.cleanup(() => worker.terminate());
  const [out, outPort] = transform(worker, 'sender'), [into, inPort] = transform(worker, 'receiver');
  const seen = Promise.all([next(outPort), next(inPort)]);
  const { sender, receiver } = await call(t, 'audio', (sender, arrived) => {
    sender.transform = out;
    arrived.then(r => { r.transform = into; });
  });
  const [s, r] = await seen;
  assertEquals(s.side, 'sender');
  assertEquals(s.kind, 'RTCEncodedAudioFrame');
  assertEquals(s.synchronizationSource, r.synchronizationSource, 'both see the packets as they are sent');
  assertEquals(s.payloadType, r.payloadType);
  assertEquals(s.sequenceNumber, undefined);
  assertEquals(typeof r.sequenceNumber, 'number');
  assert(sender.transform === out && receiver.transform === into);
  // the tone is decoded, so what was scrambled has been restored
  const audio = document.createElement('audio');
  audio.srcObject = new MediaStream([receiver.track]);
  await audio.play();
  await assertThrows(() => { receiver.transform = out; }, 'InvalidStateError');
  sender.transform = null;
  assertEquals(sender.transform, null);
  outPort.postMessage('generateKeyFrame');
  assertEquals((await next(outPort)).error, 'InvalidStateError', 'a transform that was taken out has no encoder');
});

test('key frames on request', async t => {
  const worker = new Worker('transform-worker.js');
  t.cleanup(() => worker.terminate());
  const [out, port] = transform(worker, 'sender');
  const seen = next(port);
  const { receiver } = await call(t, 'video', sender => { sender.transform = out; });
  await seen;
  port.postMessage('generateKeyFrame');
  const { value } = await next(port);
  assert(value > 0, 'it resolves with the timestamp of the key frame');
  port.postMessage('sendKeyFrameRequest');
  assertEquals((await next(port)).error, 'InvalidStateError');
});

test('encoded streams pass through the page, and frames are written once', async t => {
  const received = Promise.withResolvers();
  let streams;
  await call(t, 'audio', (sender, arrived) => {
    streams = sender.createEncodedStreams();
    arrived.then(r => {
      const s = r.createEncodedStreams();
      s.readable.getReader().read().then(received.resolve);
    });
  });
  const reader = streams.readable.getReader(), writer = streams.writable.getWriter();
  const { value: frame } = await reader.read();
  const copy = structuredClone(frame);
  const sent = [...new Uint8Array(frame.data)];
  await writer.write(frame);
  assertEquals(frame.data.byteLength, 0, 'the data has gone');
  assertEquals(copy.data.byteLength, sent.length, 'a copy keeps its data');
  const { value: got } = await received.promise;
  assertEquals([...new Uint8Array(got.data)].join(), sent.join());
  assertEquals(got.timestamp, frame.timestamp);
  await assertThrows(() => writer.write(frame), 'OperationError');
});

test('frames are made from frames', async t => {
  let streams;
  await call(t, 'video', sender => { streams = sender.createEncodedStreams(); });
  const { value: frame } = await streams.readable.getReader().read();
  assertEquals(frame.type, 'key', 'a key frame comes first');
  const metadata = frame.getMetadata();
  assertEquals(metadata.dependencies.length, 0);
  const other = new RTCEncodedVideoFrame(frame, { metadata: { ...metadata, rtpTimestamp: 1000 } });
  assertEquals(other.getMetadata().rtpTimestamp, 1000);
  assertEquals(other.data.byteLength, frame.data.byteLength);
  other.data = new ArrayBuffer(3);
  assertEquals(other.data.byteLength, 3);
  assert(frame.data.byteLength > 3);
  await assertThrows(() => new RTCEncodedVideoFrame(frame, { metadata: { ...metadata, synchronizationSource: 1 } }), 'InvalidModificationError');
  await assertThrows(() => new RTCEncodedAudioFrame(frame), 'TypeError');
});

test('streams can be given to workers', async t => {
  const worker = new Worker('streams-worker.js');
  t.cleanup(() => worker.terminate());
  const out = new TransformStream();
  const readable = new ReadableStream({ start(c) { [1, 2, 3].forEach(v => c.enqueue({ v })); c.close(); } });
  worker.postMessage({ readable, writable: out.writable }, [readable, out.writable]);
  assert(readable.locked, 'a stream that was given away is locked');
  const got = [];
  for await (const { v } of out.readable) got.push(v);
  assertEquals(got.join(), '2,4,6');
  const failing = new ReadableStream({ pull() { throw new RangeError('no more'); } });
  const second = new TransformStream();
  worker.postMessage({ readable: failing, writable: second.writable }, [failing, second.writable]);
  await assertThrows(() => second.readable.getReader().read(), 'RangeError');
});
