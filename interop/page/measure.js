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
