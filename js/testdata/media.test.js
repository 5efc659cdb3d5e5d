const pixel = (ctx, x, y) => [...ctx.getImageData(x, y, 1, 1).data];

test('a canvas is drawn on, read, and captured into a video element', async () => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 });
  const ctx = canvas.getContext('2d');
  ctx.fillStyle = '#f00';
  ctx.fillRect(0, 0, 32, 48);
  ctx.fillStyle = 'rgba(0, 0, 255, 0.5)';
  ctx.fillRect(16, 0, 16, 48);
  assertEquals(pixel(ctx, 2, 2).join(), '255,0,0,255');
  assert(Math.abs(pixel(ctx, 20, 2)[0] - 128) < 3, 'source-over');
  const video = document.createElement('video');
  video.srcObject = canvas.captureStream();
  const paint = setInterval(() => ctx.fillRect(60, 40, 4, 4), 10);
  const order = [];
  for (const type of ['loadstart', 'durationchange', 'resize', 'loadedmetadata', 'loadeddata', 'canplay', 'playing']) {
    video.addEventListener(type, () => order.push(type));
  }
  await video.play();
  clearInterval(paint);
  assertEquals([video.videoWidth, video.videoHeight].join(), '64,48');
  assertEquals(order.join(), 'loadstart,durationchange,resize,loadedmetadata,loadeddata,canplay,playing');
  const copy = Object.assign(document.createElement('canvas'), { width: 64, height: 48 }).getContext('2d');
  copy.drawImage(video, 0, 0);
  const [r, g, b] = pixel(copy, 4, 4);
  assert(r > 230 && g < 30 && b < 30, `the frame shows what was drawn, got ${[r, g, b]}`);
  video.srcObject.getTracks()[0].stop();
  await new Promise(r => video.onended = r);
  assert(video.ended);
});

test('getUserMedia gives live tracks, constraints hold, and stop ends them', async () => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: { exact: 320 }, height: 240 } });
  const [video] = stream.getVideoTracks();
  assertEquals([video.getSettings().width, video.getSettings().height].join(), '320,240');
  assertEquals(stream.getTracks().map(t => t.readyState).join(), 'live,live');
  const element = document.createElement('video');
  element.srcObject = stream;
  const frame = new Promise(r => element.requestVideoFrameCallback((now, meta) => r(meta)));
  await element.play();
  const meta = await frame;
  assertEquals([meta.width, meta.height].join(), '320,240');
  stream.getTracks().forEach(t => t.stop());
  assertEquals(stream.active, false);
  const e = await assertThrows(() => navigator.mediaDevices.getUserMedia({ video: { width: { min: 1e6 } } }), 'OverconstrainedError');
  assertEquals(e.constraint, 'width');
  await assertThrows(() => navigator.mediaDevices.getUserMedia({}), 'TypeError');
});

test('an oscillator is heard through a stream and measured by an analyser', async () => {
  const ctx = new AudioContext();
  const osc = ctx.createOscillator(), dest = ctx.createMediaStreamDestination(), gain = ctx.createGain();
  gain.gain.value = 0.5;
  osc.frequency.value = 1000;
  osc.connect(gain).connect(dest);
  osc.start();
  const analyser = ctx.createAnalyser();
  ctx.createMediaStreamSource(dest.stream).connect(analyser);
  const data = new Float32Array(analyser.fftSize), bins = new Float32Array(analyser.frequencyBinCount);
  for (let i = 0; i < 100; i++) {
    await new Promise(r => setTimeout(r, 20));
    analyser.getFloatTimeDomainData(data);
    if (data[0] && data[data.length - 1]) break;
  }
  const peak = Math.max(...data);
  assert(peak > 0.4 && peak < 0.6, `half the amplitude, got ${peak}`);
  analyser.getFloatFrequencyData(bins);
  const loudest = bins.indexOf(Math.max(...bins)) * ctx.sampleRate / analyser.fftSize;
  assert(Math.abs(loudest - 1000) < 50, `the loudest bin is at ${loudest} Hz`);
  await ctx.close();
});
