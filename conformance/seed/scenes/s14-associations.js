// S14: openCall with the stream, ontrack with destructured streams: the remote
// stream's tracks follow removeTrack() and changes of direction.
return play({
  async caller() {
    const app = { $opencall-stream$ };
    await app.openCall(pc);
    await negotiate();
    await hear('played');
    const [sender] = pc.getSenders(), [transceiver] = pc.getTransceivers();
    const { track } = sender;
    pc.removeTrack(sender);
    await negotiate();
    tell('removed', track.kind);
    await hear('lost');
    await sender.replaceTrack(track);
    transceiver.direction = 'sendrecv';
    await negotiate();
    await hear('regained');
    transceiver.direction = 'recvonly';
    await negotiate();
    tell('recvonly');
    await hear('lost');
    transceiver.direction = 'sendonly';
    await negotiate();
    await hear('regained');
  },
  async callee() {
    $ontrack-destructured$
    await until('S14: both tracks', () => arrived.length === 2);
    const stream = videoElem.srcObject;
    assertEquals(kinds(stream), 'audio,video', 'S14: the stream at first');
    await plays(videoElem);
    const events = [];
    stream.onremovetrack = e => events.push(`-${e.track.kind}`);
    stream.onaddtrack = e => events.push(`+${e.track.kind}`);
    tell('played');
    const kind = await hear('removed');
    await until('S14: removetrack', () => events.join() === `-${kind}`);
    assertEquals(stream.getTracks().length, 1, 'S14: tracks after removeTrack()');
    const { receiver } = pc.getTransceivers()[0];
    await until('S14: the removed track is muted', () => receiver.track.muted);
    tell('lost');
    await until('S14: addtrack', () => events.join() === `-${kind},+${kind}`);
    assertEquals(kinds(stream), 'audio,video', 'S14: the stream has the track again');
    assert(videoElem.srcObject === stream, 'S14: it is the same stream');
    await plays(videoElem);
    tell('regained');
    await hear('recvonly');
    await until('S14: removetrack by direction', () => events.join() === `-${kind},+${kind},-${kind}`);
    tell('lost');
    await until('S14: addtrack by direction', () => events.join() === `-${kind},+${kind},-${kind},+${kind}`);
    assertEquals(kinds(stream), 'audio,video', 'S14: the stream has the track once more');
    await plays(videoElem);
    tell('regained');
  },
});
