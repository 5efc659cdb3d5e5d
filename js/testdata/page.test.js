test('the tree is built, searched and changed', () => {
  const div = document.createElement('div');
  div.id = 'one';
  div.className = 'a b';
  document.body.appendChild(div);
  div.append('text', document.createElement('video'));
  assertEquals(document.querySelector('div#one.b').firstChild.nodeName, '#text');
  assertEquals(document.getElementById('one').querySelectorAll('video').length, 1);
  assertEquals(div.textContent, 'text');
  div.remove();
  assertEquals(document.getElementById('one'), null);
});
test('addresses and their parameters', async () => {
  const u = new URL('../b?x=1&y=a%20b#f', 'https://example.org:8443/p/q/');
  assertEquals(u.href, 'https://example.org:8443/p/b?x=1&y=a%20b#f');
  assertEquals([u.origin, u.port, u.hash, u.searchParams.get('y')].join(), 'https://example.org:8443,8443,#f,a b');
  u.searchParams.append('x', '2');
  assertEquals(u.searchParams.getAll('x').join() + u.search.includes('x=2'), '1,2true');
  await assertThrows(() => new URL('nowhere'), 'TypeError');
});
test('files beside the script are fetched, others are not there', async () => {
  const r = await fetch('page.test.js');
  assert(r.ok && (await r.text()).includes('files beside'));
  assertEquals((await fetch('none.txt')).status, 404);
});
test('randomness and identifiers', async () => {
  const a = crypto.getRandomValues(new Uint32Array(8));
  assert(a.some(x => x));
  assert(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()));
  await assertThrows(() => crypto.getRandomValues(new Float32Array(1)), 'TypeMismatchError');
});
test('permissions are granted, and unknown ones a TypeError', async () => {
  assertEquals((await navigator.permissions.query({ name: 'camera' })).state, 'granted');
  await assertThrows(() => navigator.permissions.query({ name: 'flight' }), 'TypeError');
});
