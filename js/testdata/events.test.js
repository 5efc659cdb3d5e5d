test('listeners run in order, once and signal remove them, handleEvent is looked up', async () => {
  const t = new EventTarget(), seen = [];
  const abort = new AbortController();
  t.addEventListener('x', () => seen.push('a'));
  t.addEventListener('x', () => seen.push('once'), { once: true });
  t.addEventListener('x', () => seen.push('signal'), { signal: abort.signal });
  t.addEventListener('x', { handleEvent(e) { seen.push(this !== t && e.type); } });
  t.dispatchEvent(new Event('x'));
  abort.abort();
  t.dispatchEvent(new Event('x'));
  assertEquals(seen.join(), 'a,once,signal,x,a,x');
});
test('an event handler attribute keeps its place, and loses it when it becomes null', () => {
  const { port1: p } = new MessageChannel(), seen = [];
  p.onmessageerror = () => seen.push('handler');
  p.addEventListener('messageerror', () => seen.push('listener'));
  p.onmessageerror = () => seen.push('handler2');
  p.dispatchEvent(new Event('messageerror'));
  p.onmessageerror = null;
  p.onmessageerror = () => seen.push('last');
  p.dispatchEvent(new Event('messageerror'));
  assertEquals(seen.join(), 'handler2,listener,listener,last');
});
test('an exception in a listener is reported and stops nothing', async () => {
  const t = new EventTarget(), seen = [];
  const report = new Promise(r => addEventListener('error', e => { e.preventDefault(); r(e.error.message); }, { once: true }));
  t.addEventListener('x', () => { throw new Error('boom'); });
  t.addEventListener('x', () => seen.push('next'));
  t.dispatchEvent(new Event('x'));
  assertEquals(await report, 'boom');
  assertEquals(seen.join(), 'next');
});
test('preventDefault needs a cancelable event and no passive listener', () => {
  const t = new EventTarget();
  t.addEventListener('x', e => e.preventDefault());
  assertEquals(t.dispatchEvent(new Event('x')), true, 'not cancelable');
  assertEquals(t.dispatchEvent(new Event('x', { cancelable: true })), false, 'cancelable');
  const p = new EventTarget();
  p.addEventListener('x', e => e.preventDefault(), { passive: true });
  assertEquals(p.dispatchEvent(new Event('x', { cancelable: true })), true, 'passive');
});
test('events bubble through the tree to the window, with phases', () => {
  const outer = document.createElement('div'), inner = document.createElement('p'), seen = [];
  document.body.append(outer);
  outer.append(inner);
  for (const [name, target] of Object.entries({ window, outer, inner })) {
    target.addEventListener('y', e => seen.push(`${name}${e.eventPhase}`));
    target.addEventListener('y', e => seen.push(`${name}-capture`), true);
  }
  inner.dispatchEvent(new Event('y', { bubbles: true }));
  assertEquals(seen.join(), 'window-capture,outer-capture,inner-capture,inner2,outer3,window3');
});
test('dispatching an event that is being dispatched throws', async () => {
  const t = new EventTarget();
  const e = new CustomEvent('x', { detail: 7 });
  let error;
  t.addEventListener('x', () => { try { t.dispatchEvent(e); } catch (x) { error = x; } });
  t.dispatchEvent(e);
  assertEquals(error.name, 'InvalidStateError');
  assert(error instanceof DOMException && error instanceof Error);
  assertEquals(e.detail, 7);
});
