// The browser's side of package browser: opens frames and runs in them what
// the test sends.
const frames = new Map();
const AsyncFunction = (async () => {}).constructor;

const socket = new WebSocket(`ws://${location.host}/harness/control${location.search}`);

const operations = {
  open({ frame: id, url }) {
    return new Promise((resolve, reject) => {
      const frame = document.createElement("iframe");
      frame.allow = "camera *; microphone *; display-capture *; autoplay *";
      frame.onload = () => {
        // A page whose policy forbids eval is driven from this realm instead.
        let Fn = AsyncFunction;
        try {
          Fn = frame.contentWindow.eval("(async () => {}).constructor");
        } catch (e) {
          if (e.name !== "EvalError") return reject(e);
        }
        frames.set(id, { frame, Fn });
        resolve(null);
      };
      frame.src = url;
      document.body.append(frame);
    });
  },

  async eval({ frame: id, code, args }) {
    const entry = frames.get(id);
    if (!entry) throw new Error(`no frame ${id}`);
    const { frame, Fn } = entry;
    const run = new Fn("window", "document", "args", code);
    const value = await run(frame.contentWindow, frame.contentDocument, args ?? {});
    return value === undefined ? null : value;
  },

  close({ frame: id }) {
    frames.get(id)?.frame.remove();
    frames.delete(id);
    return null;
  },
};

socket.onmessage = async ({ data }) => {
  const request = JSON.parse(data);
  const reply = { id: request.id };
  try {
    reply.value = await operations[request.op](request);
  } catch (e) {
    reply.error = { name: e?.name ?? "Error", message: String(e?.message ?? e), stack: String(e?.stack ?? "") };
  }
  socket.send(JSON.stringify(reply));
};
