// S6: the paired receiver is muted until the other peer sends, and again when it
// sends no more.
return play({
  async caller() {
    const [video] = (await camera()).getVideoTracks();
    const transceiver = pc.addTransceiver('video', { direction: 'sendonly' });
    assert(transceiver.receiver.track.muted && transceiver.receiver.track.readyState === 'live', 'S6: the receiver of a transceiver begins muted and live');
    await negotiate();
    await hear('muted');
    await transceiver.sender.replaceTrack(video);
    await hear('unmuted');
    pc.removeTrack(transceiver.sender);
    await negotiate();
    await hear('muted again');
    assert(transceiver.receiver.track.muted, 'S6: what never was sent to this end stays muted');
  },
  async callee() {
    await until('S6: the track', () => arrived.length === 1);
    const { track } = arrived[0].event;
    assert(arrived[0].muted && track.readyState === 'live', 'S6: in the track event the track is muted');
    const events = [];
    track.onmute = () => events.push('mute');
    track.onunmute = () => events.push('unmute');
    await until('S6: connected', () => pc.connectionState === 'connected');
    await turn();
    assert(track.muted, 'S6: without media the track stays muted');
    tell('muted');
    await until('S6: unmuted by the first media', () => !track.muted);
    tell('unmuted');
    await until('S6: muted when the other peer sends no more', () => track.muted);
    await turn();
    assertEquals(events.join(), 'unmute,mute', 'S6: events');
    assertEquals(track.readyState, 'live', 'S6: the track lives on');
    tell('muted again');
  },
});
