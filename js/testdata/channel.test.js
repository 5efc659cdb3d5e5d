// Data channels in workers.

function listen(worker) {
  const queue = [], waiting = [];
  worker.onmessage = ({data}) => waiting.length ? waiting.shift()(data) : queue.push(data);
  return () => queue.length ? Promise.resolve(queue.shift()) : new Promise(r => waiting.push(r));
}

async function connect(a, b) {
  a.onicecandidate = e => b.addIceCandidate(e.candidate);
  b.onicecandidate = e => a.addIceCandidate(e.candidate);
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription);
}

test('a channel is used in a worker', async () => {
  const a = new RTCPeerConnection(), b = new RTCPeerConnection();
  const worker = new Worker('channel-worker.js');
  const next = listen(worker);
  const moved = a.createDataChannel('x');
  worker.postMessage({channel: moved}, [moved]);
  assertEquals(moved.readyState, 'closed');
  await assertThrows(() => moved.send('no'));
  const there = new Promise(r => b.ondatachannel = e => r(e.channel));
  await connect(a, b);
  assertEquals(await next(), ['got', true, 'x', 'connecting']);
  assertEquals(await next(), ['open', 'open']);
  const channel = await there;
  channel.send('to the worker');
  channel.send(new Uint8Array(5));
  assertEquals(await next(), ['message', 'to the worker']);
  assertEquals(await next(), ['message', 5]);
  const answer = new Promise(r => channel.onmessage = e => r(e.data));
  worker.postMessage({send: 'from the worker'});
  assertEquals(await answer, 'from the worker');
  const closed = new Promise(r => channel.onclose = r);
  worker.postMessage({close: true});
  assertEquals(await next(), ['closed', 'closing']);
  assertEquals(await next(), ['close', 'closed']);
  await closed;
  worker.terminate();
  a.close();
  b.close();
});

test('a channel that was announced goes to a worker before anything happened to it', async () => {
  const a = new RTCPeerConnection(), b = new RTCPeerConnection();
  const worker = new Worker('channel-worker.js');
  const next = listen(worker);
  const channel = a.createDataChannel('y');
  channel.onopen = () => channel.send('early');
  b.ondatachannel = e => worker.postMessage({channel: e.channel}, [e.channel]);
  await connect(a, b);
  assertEquals((await next())[2], 'y');
  assertEquals(await next(), ['open', 'open']);
  assertEquals(await next(), ['message', 'early']);
  channel.close();
  assertEquals(await next(), ['closing', 'closing']);
  assertEquals(await next(), ['close', 'closed']);
  worker.terminate();
  a.close();
  b.close();
});

test('a channel stays after the task that made it', async () => {
  const pc = new RTCPeerConnection();
  const channel = pc.createDataChannel('z');
  const {port1} = new MessageChannel();
  await new Promise(r => setTimeout(r));
  await assertThrows(() => port1.postMessage(channel, [channel]));
  const other = pc.createDataChannel('z');
  await assertThrows(() => port1.postMessage(other));
  assertEquals(other.readyState, 'connecting');
  pc.close();
});
