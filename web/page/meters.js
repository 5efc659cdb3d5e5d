// Meters measure how loud tracks are. The statistics say nothing of what no
// one hears, so the sound itself is looked at; browsers allow that once the
// visitor has touched the page.
export class Meters {
  #context = null;
  #nodes = new Map(); // track → { source, analyser }
  #samples = new Float32Array(1024);

  constructor() {
    const start = () => {
      this.#context ??= new AudioContext();
      this.#context.resume();
    };
    for (const by of ["pointerdown", "keydown"]) document.addEventListener(by, start, { once: true });
  }

  // level returns the loudness of a track from 0 to 1, of the last instant.
  level(track) {
    if (this.#context?.state !== "running") return 0;
    let node = this.#nodes.get(track);
    if (!node) {
      const source = this.#context.createMediaStreamSource(new MediaStream([track]));
      const analyser = new AnalyserNode(this.#context, { fftSize: this.#samples.length });
      source.connect(analyser);
      this.#nodes.set(track, node = { source, analyser });
    }
    node.analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, v) => sum + v * v, 0) / this.#samples.length;
    // A scale of 60 decibels, as the ear counts.
    return power > 0 ? Math.max(0, Math.min(1, 1 + (10 * Math.log10(power)) / 60)) : 0;
  }

  // keep forgets all tracks but these.
  keep(tracks) {
    for (const [track, { source }] of this.#nodes) {
      if (tracks.has(track)) continue;
      source.disconnect();
      this.#nodes.delete(track);
    }
  }
}
