// S7, S8: InvalidAccessError when a sender has the track, whatever the streams;
// InvalidStateError when the connection is closed. Neither changes anything.
return play({
  async caller() {
    const gum = await camera();
    const [video] = gum.getVideoTracks();
    const sender = pc.addTrack(video, gum);
    assertThrows('InvalidAccessError', 'S7: the same track', () => pc.addTrack(video));
    assertThrows('InvalidAccessError', 'S7: the same track in another stream', () => pc.addTrack(video, new MediaStream()));
    assertEquals(pc.getTransceivers().length, 1, 'S7: transceivers after the refusal');
    pc.addTrack(video.clone(), gum); // another track of the same stream is welcome
    pc.removeTrack(sender);
    assert(pc.addTrack(video, gum) === sender, 'S7: once removed it can be added');
    tell('id', gum.id);
    await negotiate();

    const closed = new RTCPeerConnection();
    closed.close();
    assertThrows('InvalidStateError', 'S8: a closed connection', () => closed.addTrack(video));
    assertEquals(closed.getSenders().length, 0, 'S8: senders of the closed connection');
  },
  async callee() {
    const id = await hear('id');
    await until('S7: two tracks', () => arrived.length === 2);
    for (const { streams } of arrived) assertEquals(streams.map(s => s.id).join(), id, 'S7: the streams are those of the calls that were not refused');
  },
});
