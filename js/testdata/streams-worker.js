onmessage = ({ data: { readable, writable } }) => {
  readable.pipeThrough(new TransformStream({ transform({ v }, c) { c.enqueue({ v: 2 * v }); } })).pipeTo(writable).catch(() => {});
};
