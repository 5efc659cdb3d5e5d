test('a frame loads, and answers messages from its parent', async t => {
  const frame = document.createElement('iframe');
  frame.srcdoc = `<script>onmessage = e => e.source.postMessage([e.data + 1, window.parent !== window, typeof RTCPeerConnection], '*');</script>`;
  const loaded = new Promise(r => frame.onload = r);
  document.body.appendChild(frame);
  t.cleanup(() => frame.remove());
  await loaded;
  const answer = new Promise(r => window.onmessage = r);
  frame.contentWindow.postMessage(1, '*');
  const e = await answer;
  assertEquals(e.data, [2, true, 'function']);
  assert(e.source === frame.contentWindow, 'source is the frame');
  frame.remove();
  assertEquals(frame.contentWindow, null);
});
test('a frame that was removed sends no more', async t => {
  const frame = document.createElement('iframe');
  let got = 0;
  const count = () => { ++got; };
  window.addEventListener('message', count);
  t.cleanup(() => window.removeEventListener('message', count));
  // The frame is busy when it is removed, and sends afterwards.
  frame.srcdoc = `<script>onmessage = () => { for (const end = Date.now() + 200; Date.now() < end;); parent.postMessage('late', '*'); }; parent.postMessage('up', '*');</script>`;
  document.documentElement.appendChild(frame);
  await new Promise(r => frame.onload = r);
  while (!got) await new Promise(r => setTimeout(r, 5));
  frame.contentWindow.postMessage('go', '*');
  await new Promise(r => setTimeout(r, 50));
  frame.remove();
  await new Promise(r => setTimeout(r, 400));
  assertEquals(got, 1);
});
