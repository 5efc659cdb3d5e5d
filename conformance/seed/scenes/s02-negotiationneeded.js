// S2: negotiationneeded fires once for a batch, as a task, never while the state
// is not stable, and afterwards when it is still needed.
return play({
  async caller() {
    const [video, audio] = (await camera()).getTracks();
    pc.addTrack(video);
    pc.addTrack(audio);
    assertEquals(count('negotiationneeded'), 0, 'S2: events within addTrack');
    await turn();
    assertEquals(count('negotiationneeded'), 1, 'S2: events for two tracks in one go');
    pc.addTrack(video.clone());
    await turn();
    assertEquals(count('negotiationneeded'), 1, 'S2: events while one is unanswered');

    await pc.setLocalDescription();
    pc.addTrack(audio.clone());
    await turn();
    assertEquals(pc.signalingState, 'have-local-offer', 'S2: the state');
    assertEquals(count('negotiationneeded'), 1, 'S2: events while the state is not stable');
    tell('offer', pc.localDescription);
    await answered();
    await turn();
    assertEquals(count('negotiationneeded'), 2, 'S2: events when the state is stable again');
    await negotiate();
    await turn();
    assertEquals(count('negotiationneeded'), 2, 'S2: events when nothing is left');
  },
  async callee() {
    await until('S2: four tracks', () => arrived.length === 4);
    assertEquals(count('negotiationneeded'), 0, 'S2: events at the end that adds nothing');
  },
});
