// A browser's own synchronisation of sound and picture is content within some
// 30 ms, and takes half a minute to get there after a start with 100 ms
// between the two. What is left is levelled here: by the capture times that
// the sender reports and the browser translates (estimatedPlayoutTimestamp), a
// track that is ahead is told to wait longer (jitterBufferTarget).
//
// Where a browser lacks either, nothing happens.
const tolerance = 5, limit = 1000; // ms

// level compares once. entries are { receiver, kind } of one stream; memory
// keeps what one comparison leaves for the next, and is a Map. It returns by
// how many ms the sound comes later than the picture, or null if that is not
// known.
export async function level(entries, memory) {
  const now = await Promise.all(entries.map(async ({ receiver, kind }) => {
    for (const s of (await receiver.getStats()).values()) if (s.type === "inbound-rtp") return { receiver, kind, ...s };
    return { receiver, kind };
  }));
  const known = now.filter((s) => s.estimatedPlayoutTimestamp && s.jitterBufferEmittedCount);
  const audio = known.find((s) => s.kind === "audio");
  let later = null;
  for (const video of known.filter((s) => s.kind === "video")) {
    if (!audio || !("jitterBufferTarget" in audio.receiver)) continue;
    const d = video.estimatedPlayoutTimestamp - audio.estimatedPlayoutTimestamp - (video.timestamp - audio.timestamp);
    later ??= d;
    if (Math.abs(d) < tolerance || Math.abs(d) > limit) continue;
    const [ahead, behind] = d > 0 ? [video, audio] : [audio, video];
    // First the one behind gives up what it was told to wait for the other.
    const spare = Math.min(Math.abs(d), behind.receiver.jitterBufferTarget ?? 0);
    if (spare > 0) behind.receiver.jitterBufferTarget -= spare;
    const rest = Math.abs(d) - spare;
    if (rest > 0) ahead.receiver.jitterBufferTarget = Math.min(limit, Math.max(ahead.receiver.jitterBufferTarget ?? 0, waits(ahead, memory)) + rest);
  }
  for (const s of known) memory.set(s.receiver, { delay: s.jitterBufferDelay, count: s.jitterBufferEmittedCount });
  return later;
}

// waits is how long, in ms, what was played since the last comparison waited.
function waits(s, memory) {
  const before = memory.get(s.receiver) ?? { delay: 0, count: 0 };
  const n = s.jitterBufferEmittedCount - before.count;
  return n > 0 ? ((s.jitterBufferDelay - before.delay) / n) * 1000 : 0;
}

// interval is how often to compare: a change takes about so long to show.
export const interval = 1000;
