// What the tests' scripts share, as the global object T of a blank frame.
"use strict";
const T = {
  sleep: (ms) => new Promise((r) => setTimeout(r, ms)),

  // until waits for condition() to be truthy and returns its value.
  async until(what, condition, ms = 15000) {
    const end = performance.now() + ms;
    for (;;) {
      const value = await condition();
      if (value) return value;
      if (performance.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`);
      await T.sleep(20);
    }
  },

  // play shows a track in a muted video element and returns the element.
  play(...tracks) {
    const video = document.createElement("video");
    video.muted = video.autoplay = video.playsInline = true;
    video.width = 320;
    video.srcObject = new MediaStream(tracks);
    document.body.append(video);
    video.play().catch(() => {});
    return video;
  },

  // pixel returns [r, g, b] of the picture at (x, y), given as fractions of
  // its width and height: the mean of a small square, since edges blur.
  pixel(video, x, y) {
    const size = 5;
    const canvas = T.canvas ??= document.createElement("canvas");
    canvas.width = canvas.height = size;
    const g = canvas.getContext("2d", { willReadFrequently: true });
    g.drawImage(video, x * video.videoWidth - size / 2, y * video.videoHeight - size / 2, size, size, 0, 0, size, size);
    const { data } = g.getImageData(0, 0, size, size);
    const sum = [0, 0, 0];
    for (let i = 0; i < data.length; i++) if (i % 4 < 3) sum[i % 4] += data[i];
    return sum.map((v) => Math.round(v / (size * size)));
  },

  // frames returns how many frames the receiver of the track has decoded.
  async frames(pc, track) {
    for (const s of (await pc.getStats(track)).values()) {
      if (s.type === "inbound-rtp") return s.framesDecoded ?? 0;
    }
    return 0;
  },

  // inbound returns the receiver's inbound-rtp statistics of the track.
  async inbound(pc, track) {
    for (const s of (await pc.getStats(track)).values()) if (s.type === "inbound-rtp") return s;
    return null;
  },

  // level returns what an audio track gives within ms milliseconds: the peak
  // of the samples, and the frequency with most energy. A Firefox without any
  // audio device never starts an AudioContext: there the peak is the
  // receiver's audioLevel and the frequency is null.
  async level(pc, track, ms = 1500) {
    const sink = new Audio();
    // Neither browser pulls audio from a remote track that nothing plays.
    sink.muted = true;
    sink.srcObject = new MediaStream([track]);
    sink.play().catch(() => {});
    const context = new AudioContext();
    try {
      let peak = 0, hz = null;
      const running = await Promise.race([context.resume().then(() => true), T.sleep(1000)]);
      const end = performance.now() + ms;
      if (!running) {
        while (performance.now() < end) {
          await T.sleep(50);
          peak = Math.max(peak, (await T.inbound(pc, track))?.audioLevel ?? 0);
        }
        return { peak, hz };
      }
      const analyser = context.createAnalyser();
      analyser.fftSize = 4096;
      context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      const samples = new Float32Array(analyser.fftSize);
      const spectrum = new Float32Array(analyser.frequencyBinCount);
      while (performance.now() < end) {
        await T.sleep(50);
        analyser.getFloatTimeDomainData(samples);
        const loudest = samples.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
        if (loudest < peak) continue;
        peak = loudest;
        analyser.getFloatFrequencyData(spectrum);
        hz = spectrum.reduce((best, v, i) => (v > spectrum[best] ? i : best), 0) * context.sampleRate / analyser.fftSize;
      }
      return { peak, hz };
    } finally {
      sink.srcObject = null;
      context.close();
    }
  },

  // picture makes a moving picture of the given colour, without a device.
  picture(colour, { width = 320, height = 240, fps = 20 } = {}) {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const g = canvas.getContext("2d");
    let n = 0;
    const draw = () => {
      g.fillStyle = colour;
      g.fillRect(0, 0, width, height);
      g.fillStyle = "#fff";
      g.fillRect((n++ * 4) % width, 0, 8, 16);
    };
    draw();
    setInterval(draw, 1000 / fps);
    return canvas.captureStream(fps).getVideoTracks()[0];
  },

  // numbered is a picture whose frames carry their numbers, where and how
  // package pattern draws them.
  numbered(colour, { width = 320, height = 240, fps = 20 } = {}) {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const g = canvas.getContext("2d");
    const cells = 18, left = 0.3 * width, cell = 0.4 * width / cells, top = 0.925 * height;
    let n = 0;
    const draw = () => {
      g.fillStyle = colour;
      g.fillRect(0, 0, width, height);
      const bits = [...(n & 0xffff).toString(2).padStart(16, "0")].map(Number);
      const parity = bits.reduce((a, b) => a ^ b, 0);
      [parity, ...bits, 1 - parity].forEach((bit, i) => {
        g.fillStyle = bit ? "#fff" : "#000";
        g.fillRect(left + i * cell, top, cell + 1, 0.045 * height);
      });
      n++;
    };
    draw();
    setInterval(draw, 1000 / fps);
    return canvas.captureStream(fps).getVideoTracks()[0];
  },

  // tone gives an audio track: of the fake microphone, since an oscillator
  // needs an AudioContext (see level).
  async tone() {
    return (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks()[0];
  },
};
