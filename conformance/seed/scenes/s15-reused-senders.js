// S15: which sender is taken again, and what becomes of it and its transceiver.
return play({
  async caller() {
    const gum = await camera();
    const [audio] = gum.getAudioTracks(), [video] = gum.getVideoTracks();
    // Never used to send: taken, in the order in which they were added.
    const [first, second] = [pc.addTransceiver('video', { direction: 'recvonly' }), pc.addTransceiver('video', { direction: 'inactive' })];
    await negotiate();
    const sound = pc.addTrack(audio, gum);
    assert(sound !== first.sender && sound !== second.sender, 'S15: a sender of another kind is not taken');
    assert(pc.addTrack(video, gum) === first.sender, 'S15: a sender without track that never sent is taken');
    assert(first.sender.track === video, 'S15: it has the track');
    assertEquals(first.direction, 'sendrecv', 'S15: recvonly becomes');
    assertEquals(first.currentDirection, 'inactive', 'S15: the current direction, which changes by negotiation only, is');
    assert(pc.addTrack(video.clone(), gum) === second.sender, 'S15: the next one is taken');
    assertEquals(second.direction, 'sendonly', 'S15: inactive becomes');
    const third = video.clone();
    const fresh = pc.addTrack(third, gum);
    assert(fresh !== first.sender && fresh !== second.sender, 'S15: a sender that has a track is not taken');
    tell('id', gum.id);
    await negotiate();
    await hear('received');
    // Used to send: not taken, though its track is gone.
    pc.removeTrack(fresh);
    await negotiate();
    assert(pc.addTrack(third, gum) !== fresh, 'S15: a sender that was used to send is not taken');
    // Stopped: not taken. (Between stop() and
    // negotiation Chromium throws and Firefox takes it; our tests in Go have that.)
    const stopped = pc.addTransceiver('audio', { direction: 'recvonly' });
    await negotiate();
    stopped.stop();
    await negotiate();
    assert(pc.addTrack(audio.clone(), gum) !== stopped.sender, 'S15: the sender of a stopped transceiver is not taken');
    await negotiate();
  },
  async callee() {
    const id = await hear('id');
    await until('S15: four tracks', () => arrived.filter(a => a.streams.length).length === 4);
    for (const { event, streams } of arrived.filter(a => a.streams.length)) {
      assertEquals(streams[0].id, id, 'S15: the stream of a reused sender');
      await until('S15: media of a reused sender', () => !event.track.muted);
    }
    assertEquals(pc.getTransceivers().length, 4, 'S15: two reused and two new transceivers');
    tell('received');
  },
});
