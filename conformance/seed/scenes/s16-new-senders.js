// S16: a new sender comes with a receiver, a track of that kind and a transceiver.
return play({
  async caller() {
    for (const track of (await camera()).getTracks()) {
      const before = pc.getTransceivers().length;
      const sender = pc.addTrack(track);
      assertEquals(pc.getTransceivers().length, before + 1, 'S16: transceivers');
      const transceiver = pc.getTransceivers()[before];
      assert(transceiver.sender === sender && sender.track === track, 'S16: the transceiver has the sender with the track');
      assert(transceiver.receiver.track !== track, 'S16: the receiver has a track of its own');
      assertEquals(transceiver.receiver.track.kind, track.kind, 'S16: its kind');
      assertEquals(transceiver.direction, 'sendrecv', 'S16: the direction');
      assertEquals(transceiver.currentDirection, null, 'S16: the current direction');
      assertEquals(transceiver.mid, null, 'S16: the mid');
    }
    await negotiate();
    assertEquals(pc.getTransceivers().map(t => t.mid).join(), '0,1', 'S16: mids once negotiated');
  },
  async callee() {
    await until('S16: both tracks', () => arrived.length === 2);
    assertEquals(arrived.map(a => a.event.transceiver.mid).join(), '0,1', 'S16: the transceivers of the other end');
  },
});
