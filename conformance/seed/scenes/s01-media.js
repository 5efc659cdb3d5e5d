// S1: what is added is transmitted: it arrives and decodes at the other peer.
return play({
  async caller() {
    for (const track of (await camera()).getTracks()) pc.addTrack(track);
    await negotiate();
    await hear('decoded');
    for (const t of pc.getTransceivers()) assertEquals(t.currentDirection, 'sendonly', 'S1: the direction of what only one side sends');
  },
  async callee() {
    await until('S1: both tracks', () => arrived.length === 2);
    for (const { event } of arrived) await receives(event.track);
    tell('decoded');
  },
});
