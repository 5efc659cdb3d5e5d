const spawn = code => new Worker(URL.createObjectURL(new Blob([code])), { name: 'w' });

test('a worker answers, with clones and transferred buffers', async t => {
  const w = spawn(`onmessage = e => postMessage({ name, got: e.data.list, size: e.data.buffer.byteLength, window: typeof window, scope: self instanceof DedicatedWorkerGlobalScope });`);
  t.cleanup(() => w.terminate());
  const buffer = new ArrayBuffer(16);
  w.postMessage({ list: [1, 2], buffer }, [buffer]);
  const { data } = await new Promise(r => w.onmessage = r);
  assertEquals(data, { name: 'w', got: [1, 2], size: 16, window: 'undefined', scope: true });
  assertEquals(buffer.byteLength, 0, 'the buffer has moved');
});
test('an exception in a worker is an error event', async t => {
  const w = spawn(`setTimeout(() => { throw new RangeError('deep'); });`);
  t.cleanup(() => w.terminate());
  const e = await new Promise(r => w.onerror = e => { e.preventDefault(); r(e); });
  assert(e.message.includes('RangeError: deep'), e.message);
});
test('terminate stops a worker that never ends, close lets it end itself', async () => {
  const w = spawn(`postMessage('up'); for (;;);`);
  await new Promise(r => w.onmessage = r);
  w.terminate();
  const c = spawn(`postMessage('bye'); close();`);
  assertEquals((await new Promise(r => c.onmessage = r)).data, 'bye');
});
test('a port connects two workers', async t => {
  const echo = `onmessage = e => { const p = e.ports[0]; p.onmessage = m => p.postMessage(m.data + 1); };`;
  const ask = `onmessage = e => { const p = e.ports[0]; p.onmessage = m => postMessage(m.data); p.postMessage(41); };`;
  const a = spawn(echo), b = spawn(ask), { port1, port2 } = new MessageChannel();
  t.cleanup(() => { a.terminate(); b.terminate(); });
  a.postMessage(0, [port1]);
  b.postMessage(0, [port2]);
  assertEquals((await new Promise(r => b.onmessage = r)).data, 42);
});
