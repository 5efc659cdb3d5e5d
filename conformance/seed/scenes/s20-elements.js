// S20: getUserMedia captures, video.srcObject plays: at home and after the call,
// both ways at once.
const part = async () => {
  const stream = await camera();
  assertEquals(kinds(stream), 'audio,video', 'S20: what getUserMedia gives');
  const preview = document.createElement('video');
  preview.muted = preview.autoplay = true;
  document.body.append(preview);
  preview.srcObject = stream;
  const loaded = new Promise(r => preview.onloadedmetadata = r);
  await plays(preview);
  await loaded;
  assert(preview.srcObject === stream, 'S20: srcObject is what was assigned');
  await until('S20: the clock of the element runs', () => preview.currentTime > 0);
  for (const track of stream.getTracks()) pc.addTrack(track, stream);
  tell('ready');
  await hear('ready');
  if (role === 'caller') await negotiate();
  await until('S20: both tracks', () => arrived.length === 2);
  videoElem.srcObject = arrived[0].streams[0];
  await plays(videoElem);
  assertEquals(videoElem.readyState, 4, 'S20: readyState');
  preview.srcObject = null;
  tell('played');
  await hear('played');
};
return play({ caller: part, callee: part });
