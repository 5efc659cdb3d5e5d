// S11, S12: openCall without streams; ontrack collects into a stream of its own.
return play({
  async caller() {
    const app = { $opencall-streamless$ };
    await app.openCall(pc);
    assertEquals(pc.getSenders().length, 2, 'S11: senders');
    await negotiate();
    await hear('played');
  },
  async callee() {
    $ontrack-inbound$
    await until('S12: both tracks', () => arrived.length === 2);
    assert(inboundStream, 'S12: ontrack must have made a stream, since the tracks come without any');
    assert(videoElem.srcObject === inboundStream, 'S12: the element shows that stream');
    assertEquals(kinds(inboundStream), 'audio,video', 'S12: its tracks');
    await plays(videoElem);
    tell('played');
  },
});
