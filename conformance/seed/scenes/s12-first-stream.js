// S12: the same ontrack takes the first stream where there is one.
return play({
  async caller() {
    const app = { $opencall-stream$ };
    await app.openCall(pc);
    await negotiate();
    await hear('played');
  },
  async callee() {
    $ontrack-inbound$
    await until('S12: both tracks', () => arrived.length === 2);
    assert(inboundStream === null, 'S12: no stream of our own is needed');
    assert(videoElem.srcObject === arrived[0].streams[0], 'S12: the first stream is shown');
    assertEquals(kinds(videoElem.srcObject), 'audio,video', 'S12: its tracks');
    await plays(videoElem);
    tell('played');
  },
});
