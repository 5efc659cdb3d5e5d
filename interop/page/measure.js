// What the tests of live media measure at the browser's sink.
"use strict";
const M = window.M = {
  // flashes notes when each flash of the test picture is to be seen, in ms of
  // performance.now(). A frame is seen at the refresh of the display after it
  // was submitted. That is what expectedDisplayTime is to say, but Chromium's
  // is at times that of the submission itself.
  flashes(video, [x, y]) {
    const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const g = canvas.getContext("2d", { willReadFrequently: true });
    const list = [];
    let on = true;
    const look = (now, { expectedDisplayTime, presentationTime }) => {
      g.drawImage(video, x * video.videoWidth, y * video.videoHeight, 1, 1, 0, 0, 1, 1);
      const bright = g.getImageData(0, 0, 1, 1).data[2] > 128;
      if (bright && !on) list.push(Math.max(expectedDisplayTime, presentationTime + 1000 / 60));
      on = bright;
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
    return list;
  },

  // beeps notes when each beep of a track is to be heard, in ms of
  // performance.now(). The samples are read as the player takes them, which is
  // when they are stamped; the origin of the stamps is found by the quickest
  // of the chunks. They are heard when the output device has them: a context
  // on the same device says how much later that is.
  async beeps(track) {
    const context = new AudioContext({ latencyHint: "interactive" });
    await context.resume();
    const list = [];
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    let quiet = 0, origin = Infinity;
    const done = (async () => {
      for (let r; !(r = await reader.read()).done; r.value.close()) {
        const data = r.value, samples = new Float32Array(data.numberOfFrames), stamp = data.timestamp / 1000;
        origin = Math.min(origin, performance.now() - stamp);
        data.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
        samples.forEach((v, i) => {
          if (Math.abs(v) < 0.1) { quiet++; return; }
          if (quiet > data.sampleRate / 4) list.push(stamp + (i / data.sampleRate) * 1000);
          quiet = 0;
        });
      }
    })();
    return async () => {
      await reader.cancel();
      await done;
      const output = context.outputLatency * 1000;
      await context.close();
      return list.map((at) => at + origin + output);
    };
  },

  // offsets pairs each beep with the nearest flash: ms that the beep comes later.
  offsets(beeps, flashes) {
    return beeps.map((b) => flashes.map((f) => b - f).sort((p, q) => Math.abs(p) - Math.abs(q))[0]).filter((d) => Math.abs(d) < 400);
  },
};

// pace notes how evenly pictures are shown, from when it is called until the
// function that it returns is called. Gaps are in ms between pictures that
// followed one another on the display. stall is the longest time, and stood all of
// it, in ms, in which this page did not run when it wanted to.
M.pace = (video) => {
  let last = 0, shown = 0, running = true;
  const r = { frames: 0, longest: 0, freezes: 0, width: 0, height: 0, seconds: 0, stall: 0, stood: 0 };
  const start = performance.now();
  let woke = start;
  const beat = setInterval(() => {
    const now = performance.now(), late = now - woke - 20;
    woke = now;
    r.stall = Math.max(r.stall, late);
    if (late > 20) r.stood += late;
  }, 20);
  const look = (now, { presentationTime, presentedFrames, width, height }) => {
    if (!running) return;
    // This may be called too late for some of the pictures. Each of them was
    // on the display for at least one of its refreshes.
    const n = last ? presentedFrames - shown : 1;
    if (last) {
      const gap = presentationTime - last - ((n - 1) * 1000) / 60;
      r.longest = Math.max(r.longest, gap);
      if (gap > 200) r.freezes++;
    }
    [last, shown] = [presentationTime, presentedFrames];
    r.frames += n;
    [r.width, r.height] = [width, height];
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  return () => {
    running = false;
    clearInterval(beat);
    r.longest = Math.max(r.longest, performance.now() - last);
    r.seconds = (performance.now() - start) / 1000;
    return r;
  };
};

// camera gives a moving picture of 30 frames per second.
M.camera = (width, height) => {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const g = canvas.getContext("2d");
  let n = 0;
  const draw = () => {
    g.fillStyle = "#234";
    g.fillRect(0, 0, width, height);
    for (let i = 0; i < 12; i++) {
      g.fillStyle = `hsl(${i * 30} 70% 50%)`;
      g.fillRect((n * (i + 2) + i * 97) % (width - 80), (i * height) / 12, 80, height / 14);
    }
    n++;
  };
  draw();
  setInterval(draw, 1000 / 30);
  return canvas.captureStream().getVideoTracks()[0];
};
