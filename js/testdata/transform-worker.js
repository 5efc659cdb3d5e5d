// Turns every byte of audio frames, and counts what passes.
onrtctransform = ({ transformer }) => {
  const { side, port } = transformer.options;
  let n = 0;
  transformer.readable.pipeThrough(new TransformStream({
    transform(frame, controller) {
      const bytes = new Uint8Array(frame.data);
      bytes.forEach((b, i) => { bytes[i] = b ^ 0x5a; });
      if (++n === 5) port.postMessage({ side, kind: frame.constructor.name, ...frame.getMetadata() });
      controller.enqueue(frame);
    },
  })).pipeTo(transformer.writable);
  port.onmessage = async ({ data }) => {
    try { port.postMessage({ value: await transformer[data]() }); } catch (e) { port.postMessage({ error: e.name }); }
  };
};
