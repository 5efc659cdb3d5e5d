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
