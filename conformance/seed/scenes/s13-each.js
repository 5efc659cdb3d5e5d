// S13: ontrack with a new stream for each track. The page has a slip there:
// new MediaStream(track) is a TypeError, since the constructor takes a stream or
// a list; so the example runs as it stands where the tracks come with a stream,
// and mended where they come without.
return play({
  async caller() {
    const app = { $opencall-stream$ };
    await app.openCall(pc);
    await negotiate();
    await hear('shown');
    for (const track of (await camera()).getTracks()) pc.addTrack(track);
    await negotiate();
    await hear('played');
  },
  async callee() {
    $ontrack-each$
    await until('S13: both tracks', () => arrived.length === 2);
    assertEquals(kinds(videoElem.srcObject), 'audio,video', 'S13: tracks that come with a stream are shown in it');
    await plays(videoElem);
    assertThrows('TypeError', 'S13: the slip', () => new MediaStream(arrived[0].event.track));
    const shown = [];
    const mended = videoElem => { $mended ontrack-each$ };
    mended({ set srcObject(stream) { shown.push(stream); } });
    tell('shown');
    await until('S13: two more tracks', () => arrived.length === 4);
    assertEquals(shown.map(kinds).sort().join(' '), 'audio video', 'S13: each streamless track is in a stream of its own');
    for (const stream of shown) await receives(stream.getTracks()[0]);
    tell('played');
  },
});
