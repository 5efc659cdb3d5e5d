test('structuredClone keeps shapes, cycles and identity', () => {
  const shared = { n: 1 };
  const o = { d: new Date(5), r: /x/gi, m: new Map([[shared, new Set([shared])]]), a: [1, , 3], b: new Uint8Array([1, 2, 3]).subarray(1), e: new RangeError('bad'), big: 10n };
  o.self = o;
  const c = structuredClone(o);
  assert(c !== o && c.self === c, 'cycle');
  assertEquals(c.d.getTime(), 5);
  assertEquals(String(c.r), '/x/gi');
  const [[k, v]] = c.m;
  assert(v.has(k) && k !== shared, 'identity inside the clone');
  assertEquals(c.a.length + ',' + (1 in c.a), '3,false');
  assertEquals([...c.b].join(), '2,3');
  assert(c.e instanceof RangeError && c.e.message === 'bad');
  assertEquals(c.big, 10n);
});
test('what cannot be cloned is a DataCloneError', async () => {
  for (const v of [() => {}, Symbol(), new EventTarget(), Promise.resolve(), { f() {} }]) await assertThrows(() => structuredClone(v), 'DataCloneError');
});
test('transfer detaches buffers and moves ports', async () => {
  const buffer = new ArrayBuffer(8);
  const c = structuredClone({ buffer }, { transfer: [buffer] });
  assertEquals([buffer.byteLength, c.buffer.byteLength].join(), '0,8');
  const a = new MessageChannel(), b = new MessageChannel();
  a.port1.postMessage('hello', [b.port2]);
  const e = await new Promise(r => a.port2.onmessage = r);
  assertEquals(e.data + e.ports.length, 'hello1');
  b.port1.postMessage({ x: 1 });
  const got = await new Promise(r => e.ports[0].onmessage = r);
  assertEquals(got.data.x, 1);
});
test('blobs: parts, slices, text and readers', async () => {
  const b = new Blob(['ab', new Uint8Array([99]), new Blob(['d'])], { type: 'Text/Plain' });
  assertEquals([b.size, b.type, await b.text(), await b.slice(-2).text()].join(), '4,text/plain,abcd,cd');
  const r = new FileReader();
  r.readAsDataURL(b);
  await new Promise(f => r.onload = f);
  assertEquals(r.result, 'data:text/plain;base64,YWJjZA==');
  const url = URL.createObjectURL(b);
  assertEquals(await (await fetch(url)).text(), 'abcd');
});
test('text encoding streams over split characters', () => {
  const bytes = new TextEncoder().encode('aé€😀');
  const d = new TextDecoder();
  let out = '';
  for (const b of bytes) out += d.decode(new Uint8Array([b]), { stream: true });
  assertEquals(out + d.decode(), 'aé€😀');
});
