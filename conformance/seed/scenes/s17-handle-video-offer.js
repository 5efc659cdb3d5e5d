// S17: handleVideoOfferMsg: the callee answers with its own camera.
return play({
  async caller() {
    pc.addTransceiver('audio');
    pc.addTransceiver('video');
    await negotiate();
    await until('S17: both tracks', () => arrived.length === 2);
    assert(arrived[0].streams[0] === arrived[1].streams[0], 'S17: both tracks are in one stream');
    assertEquals(arrived[0].streams[0].id, await hear('id'), 'S17: its id');
    videoElem.srcObject = arrived[0].streams[0];
    await plays(videoElem);
    tell('played');
  },
  async callee() {
    const previewElement = document.createElement('video');
    const handled = new Promise((resolve, reject) => {
      answer = async sdp => {
        try {
          await (() => { $return handle-video-offer$ })();
          await pc.setLocalDescription(await pc.createAnswer());
          resolve();
        } catch (e) {
          reject(e);
        }
      };
    });
    await handled;
    assertEquals(kinds(previewElement.srcObject), 'audio,video', 'S17: the preview');
    assertEquals(pc.getTransceivers().map(t => t.direction).join(), 'sendrecv,sendrecv', 'S17: the transceivers of the offer are reused');
    tell('id', previewElement.srcObject.id);
    await hear('played');
    previewElement.srcObject = null;
  },
});
