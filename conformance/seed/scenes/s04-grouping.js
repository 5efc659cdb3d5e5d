// S4: the track need not be part of the stream, which groups all the same; the
// tracks of the remote stream play together.
return play({
  async caller() {
    const stream = new MediaStream();
    for (const track of (await camera()).getTracks()) pc.addTrack(track, stream);
    assertEquals(stream.getTracks().length, 0, 'S4: tracks of the local stream');
    tell('id', stream.id);
    await negotiate();
    await hear('played');
  },
  async callee() {
    const id = await hear('id');
    await until('S4: both tracks', () => arrived.length === 2);
    for (const { streams } of arrived) assertEquals(streams.map(s => s.id).join(), id, 'S4: the stream');
    videoElem.srcObject = arrived[0].streams[0];
    assertEquals(kinds(videoElem.srcObject), 'audio,video', 'S4: the tracks of the remote stream');
    await plays(videoElem);
    tell('played');
  },
});
