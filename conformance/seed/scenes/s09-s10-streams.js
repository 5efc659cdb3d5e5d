// S9, S10: the other peer makes the streams and adds the track to each of them,
// or makes none.
return play({
  async caller() {
    const gum = await camera();
    const [audio] = gum.getAudioTracks(), [video] = gum.getVideoTracks();
    const one = new MediaStream(), two = new MediaStream();
    tell('ids', [one.id, two.id]);
    pc.addTrack(audio, one);
    await negotiate();
    await hear('listening');
    pc.addTrack(video, two, one);
    pc.addTrack(video.clone());
    await negotiate();
  },
  async callee() {
    const [one, two] = await hear('ids');
    await until('S9: the first track', () => arrived.length === 1);
    const [{ event: first }] = arrived;
    first.streams[0].onaddtrack = e => log.push(`addtrack ${e.track.kind}`);
    tell('listening');
    await until('S9: the other tracks', () => arrived.length === 3);
    const [, { event: both }, { event: none }] = arrived;
    assertEquals(both.streams.map(s => s.id).join(), `${two},${one}`, 'S9: all streams in their order');
    assert(both.streams[1] === first.streams[0], 'S9: the stream that there was is used');
    for (const s of both.streams) assert(s.getTracks().includes(both.track), 'S9: each stream has the track');
    assertEquals(log.filter(n => n.startsWith('addtrack')).join(), 'addtrack video', 'S9: addtrack at the stream that there was');
    assert(Array.isArray(none.streams) && none.streams.length === 0, 'S10: no stream is made for a streamless track');
  },
});
