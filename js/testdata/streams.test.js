test('a reader takes chunks in order, and the source is pulled as there is room', async () => {
  const pulls = [];
  let n = 0;
  const stream = new ReadableStream({
    start(c) { pulls.push(c.desiredSize); },
    pull(c) {
      pulls.push(c.desiredSize);
      c.enqueue(n++);
      if (n === 4) c.close();
    },
  }, { highWaterMark: 2 });
  await new Promise(r => setTimeout(r));
  assertEquals(pulls.join(), '2,2,1', 'two chunks are fetched ahead');
  const reader = stream.getReader();
  assert(stream.locked);
  await assertThrows(() => stream.getReader(), 'TypeError');
  const got = [];
  for (let r = await reader.read(); !r.done; r = await reader.read()) got.push(r.value);
  assertEquals(got.join(), '0,1,2,3');
  await reader.closed;
  reader.releaseLock();
  assert(!stream.locked);
  await assertThrows(() => reader.read(), 'TypeError');
});

test('cancel reaches the source; errors reach the reader', async () => {
  let reason;
  const stream = new ReadableStream({ cancel(r) { reason = r; } });
  await stream.cancel('enough');
  assertEquals(reason, 'enough');
  const failing = new ReadableStream({ pull() { throw new RangeError('x'); } });
  const reader = failing.getReader();
  await assertThrows(() => reader.read(), 'RangeError');
  await assertThrows(() => reader.closed, 'RangeError');
});

test('a stream can be iterated', async () => {
  const got = [];
  const stream = new ReadableStream({ start(c) { [1, 2, 3].forEach(v => c.enqueue(v)); c.close(); } });
  for await (const v of stream) got.push(v);
  assertEquals(got.join(), '1,2,3');
  let cancelled;
  const endless = new ReadableStream({ pull(c) { c.enqueue(1); }, cancel() { cancelled = true; } });
  for await (const v of endless) break;
  assert(cancelled, 'leaving the loop cancels the stream');
});

test('a sink is written one chunk at a time, and a writer waits for room', async () => {
  const log = [];
  let release;
  const stream = new WritableStream({
    write(chunk) { log.push('write ' + chunk); return new Promise(r => release = r); },
    close() { log.push('close'); },
  }, { highWaterMark: 2 });
  const w = stream.getWriter();
  await w.ready;
  assertEquals(w.desiredSize, 2);
  const first = w.write('a');
  const second = w.write('b');
  assertEquals(w.desiredSize, 0);
  let room = false;
  w.ready.then(() => room = true);
  await new Promise(r => setTimeout(r));
  assertEquals(log.join(), 'write a');
  assert(!room, 'the queue is full');
  release();
  await first;
  await w.ready;
  release();
  await second;
  await w.close();
  await w.closed;
  assertEquals(log.join(), 'write a,write b,close');
  await assertThrows(() => w.write('c'), 'TypeError');
});

test('a sink that fails, and one that is aborted', async () => {
  const stream = new WritableStream({ write() { throw new RangeError('full'); } });
  const w = stream.getWriter();
  await assertThrows(() => w.write(1), 'RangeError');
  await assertThrows(() => w.closed, 'RangeError');
  let reason, signalled;
  const aborted = new WritableStream({ start(c) { c.signal.onabort = () => signalled = true; }, abort(r) { reason = r; } });
  await aborted.abort('stop');
  assertEquals(reason, 'stop');
  assert(signalled);
});

test('a pipe keeps to the pace of its sink, and closes it', async () => {
  let made = 0, taken = 0, ahead = 0, closed = false;
  const from = new ReadableStream({
    pull(c) {
      c.enqueue(made++);
      ahead = Math.max(ahead, made - taken);
      if (made === 20) c.close();
    },
  });
  await from.pipeTo(new WritableStream({
    async write() { await new Promise(r => setTimeout(r)); taken++; },
    close() { closed = true; },
  }));
  assertEquals(taken, 20);
  assert(closed);
  assert(ahead <= 3, `${ahead} chunks waited at once`);
});

test('errors pass through pipes both ways, and signals end them', async () => {
  let aborted;
  const failing = new ReadableStream({ start(c) { c.error(new RangeError('source')); } });
  await assertThrows(() => failing.pipeTo(new WritableStream({ abort(r) { aborted = r; } })), 'RangeError');
  assertEquals(aborted.message, 'source');
  let cancelled;
  const endless = new ReadableStream({ pull(c) { c.enqueue(0); }, cancel(r) { cancelled = r; } });
  await assertThrows(() => endless.pipeTo(new WritableStream({ write() { throw new RangeError('sink'); } })), 'RangeError');
  assertEquals(cancelled.message, 'sink');
  const abort = new AbortController();
  const piped = new ReadableStream({ pull(c) { c.enqueue(0); } })
    .pipeTo(new WritableStream({ write() { return new Promise(r => setTimeout(r)); } }), { signal: abort.signal });
  setTimeout(() => abort.abort(), 5);
  await assertThrows(() => piped, 'AbortError');
});

test('a sink that fails on a chunk from another thread ends the pipe, not the runtime', async () => {
  let cancelled = false;
  const source = new ReadableStream({
    async pull(c) {
      await new Promise(r => setTimeout(r, 1));
      c.enqueue('chunk');
    },
    cancel() { cancelled = true; },
  });
  const moved = await new Promise(resolve => {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = e => resolve(e.data);
    port1.postMessage(source, [source]);
  });
  let taken = 0;
  const sink = new WritableStream({ write(chunk, c) {
    if (!taken++) return;
    c.error(new RangeError('sink'));
    throw new RangeError('sink');
  } });
  await assertThrows(() => moved.pipeTo(sink), 'RangeError');
  while (!cancelled) await new Promise(r => setTimeout(r));
});

test('chunks are transformed, with flush at the end', async () => {
  const out = [];
  await new ReadableStream({ start(c) { [1, 2, 3].forEach(v => c.enqueue(v)); c.close(); } })
    .pipeThrough(new TransformStream({
      transform(v, c) { c.enqueue(v); c.enqueue(v * 10); },
      flush(c) { c.enqueue('end'); },
    }))
    .pipeTo(new WritableStream({ write(v) { out.push(v); } }));
  assertEquals(out.join(), '1,10,2,20,3,30,end');
  const failing = new TransformStream({ transform() { throw new RangeError('no'); } });
  const w = failing.writable.getWriter(), r = failing.readable.getReader();
  r.read().catch(() => {});
  await assertThrows(() => w.write(1), 'RangeError');
  await assertThrows(() => r.closed, 'RangeError');
  const plain = new TransformStream();
  plain.writable.getWriter().write('x');
  assertEquals((await plain.readable.getReader().read()).value, 'x');
});

test('strategies measure chunks', async () => {
  const s = new WritableStream({}, new ByteLengthQueuingStrategy({ highWaterMark: 100 }));
  const w = s.getWriter();
  w.write(new Uint8Array(30));
  assertEquals(w.desiredSize, 70);
  assertEquals(new CountQueuingStrategy({ highWaterMark: 3 }).highWaterMark, 3);
  await assertThrows(() => new ReadableStream({}, { highWaterMark: -1 }), 'RangeError');
  await assertThrows(() => new ReadableStream({ type: 'bytes' }), 'TypeError');
});
