// S5: the same stream here is the same stream there, in each track event.
return play({
  async caller() {
    const gum = await camera(), stream = new MediaStream();
    const [audio] = gum.getAudioTracks(), [video] = gum.getVideoTracks();
    pc.addTrack(video, stream);
    pc.addTrack(audio, stream);
    tell('id', stream.id);
    await negotiate();
    pc.addTrack(video.clone(), stream);
    await negotiate();
  },
  async callee() {
    const id = await hear('id');
    await until('S5: three tracks', () => arrived.length === 3);
    for (const { event } of arrived) {
      assertEquals(event.streams.length, 1, 'S5: streams');
      assert(event.streams[0] === arrived[0].event.streams[0], 'S5: the same MediaStream object');
      assertEquals(event.streams[0].id, id, 'S5: its id');
    }
    assertEquals(kinds(arrived[0].event.streams[0]), 'audio,video,video', 'S5: its tracks');
  },
});
