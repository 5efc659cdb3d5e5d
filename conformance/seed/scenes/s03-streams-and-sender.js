// S3: zero, one or more streams; the RTCRtpSender is returned.
return play({
  async caller() {
    const gum = await camera();
    const [audio] = gum.getAudioTracks(), [video] = gum.getVideoTracks();
    const one = new MediaStream(), two = new MediaStream();
    const senders = [pc.addTrack(audio), pc.addTrack(video, one), pc.addTrack(video.clone(), one, two)];
    senders.forEach((s, i) => {
      assert(s instanceof RTCRtpSender, 'S3: addTrack returns an RTCRtpSender');
      assert(pc.getSenders()[i] === s, 'S3: it is the one that getSenders lists');
    });
    assert(senders[0].track === audio && senders[1].track === video, 'S3: the sender has the track');
    assert(senders[0].dtmf instanceof RTCDTMFSender && senders[1].dtmf === null, 'S3: dtmf is for audio only');
    assertEquals(senders[1].transport, null, 'S3: the transport before negotiation');
    assertEquals(senders[1].getParameters().encodings.length, 1, 'S3: encodings');
    assertThrows('TypeError', 'S3: a stream that is none', () => pc.addTrack(video.clone(), {}));
    tell('ids', [one.id, two.id]);
    await negotiate();
    assert(senders[1].transport instanceof RTCDtlsTransport, 'S3: the transport after negotiation');
  },
  async callee() {
    const [one, two] = await hear('ids');
    await until('S3: three tracks', () => arrived.length === 3);
    assertEquals(JSON.stringify(arrived.map(a => a.streams.map(s => s.id))), JSON.stringify([[], [one], [one, two]]), 'S3: streams');
  },
});
