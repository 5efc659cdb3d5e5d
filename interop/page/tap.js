// A worker that lists the coded frames that pass a sender or a receiver: the RTP
// timestamp and a hash (FNV-1a) of each. Asked by its port, it tells the list.
onrtctransform = async ({ transformer }) => {
  const passed = [];
  transformer.options.port.onmessage = ({ target }) => target.postMessage(passed);
  const writer = transformer.writable.getWriter();
  const reader = transformer.readable.getReader();
  for (;;) {
    const { value: frame, done } = await reader.read();
    if (done) return;
    let hash = 0x811c9dc5;
    for (const byte of new Uint8Array(frame.data)) hash = Math.imul(hash ^ byte, 0x01000193);
    passed.push({ timestamp: frame.getMetadata().rtpTimestamp ?? frame.timestamp, hash: hash >>> 0 });
    writer.write(frame);
  }
};
