test('microtasks run before the next task, and after each callback', async () => {
  const seen = [];
  const { port1, port2 } = new MessageChannel();
  const done = new Promise(r => { port2.onmessage = () => { seen.push('task'); r(); }; });
  port1.postMessage(1);
  queueMicrotask(() => { seen.push('microtask'); Promise.resolve().then(() => seen.push('nested')); });
  await done;
  const t = new EventTarget();
  t.addEventListener('x', () => { seen.push('first'); queueMicrotask(() => seen.push('between')); });
  t.addEventListener('x', () => seen.push('second'));
  await new Promise(r => setTimeout(() => { t.dispatchEvent(new Event('x')); r(); }));
  await new Promise(r => setTimeout(r));
  // a script's own dispatch has the script on the stack: no checkpoint between its listeners
  assertEquals(seen.join(), 'microtask,nested,task,first,second,between');
});
test('timers fire in the order of their times, and of their making', async () => {
  const seen = [];
  setTimeout(x => seen.push(x), 20, 'late');
  setTimeout(() => seen.push('a'), 0);
  setTimeout(() => seen.push('b'), 0);
  const id = setTimeout(() => seen.push('never'), 0);
  clearTimeout(id);
  let n = 0;
  const every = setInterval(() => { if (++n === 3) clearInterval(every); }, 1);
  await new Promise(r => setTimeout(r, 60));
  assertEquals(seen.join(), 'a,b,late');
  assertEquals(n, 3, 'interval');
});
test('unhandled rejections are announced, and late handlers too', async () => {
  const seen = [];
  const on = e => { e.preventDefault(); seen.push(e.type + e.reason); };
  addEventListener('unhandledrejection', on);
  addEventListener('rejectionhandled', on);
  const handled = Promise.reject('handled');
  handled.catch(() => {});
  const late = Promise.reject('late');
  await new Promise(r => setTimeout(r));
  late.catch(() => {});
  await new Promise(r => setTimeout(r));
  removeEventListener('unhandledrejection', on);
  removeEventListener('rejectionhandled', on);
  assertEquals(seen.join(), 'unhandledrejectionlate');
});
test('async generators and for await are lowered', async () => {
  async function* count(n) { for (let i = 0; i < n; i++) yield i; }
  let sum = 0;
  for await (const i of count(4)) sum += i;
  assertEquals(sum, 6);
});
test('AbortSignal.timeout and any', async () => {
  const s = AbortSignal.any([new AbortController().signal, AbortSignal.timeout(5)]);
  await new Promise(r => s.onabort = r);
  assertEquals(s.reason.name, 'TimeoutError');
  await assertThrows(() => s.throwIfAborted(), 'TimeoutError');
});
