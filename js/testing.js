var { test, assert, assertEquals, assertThrows } = (() => {
  const report = __outcome;
  const queue = [];
  let running = false;
  const run = async () => {
    for (running = true; queue.length; ) {
      const { name, body } = queue.shift();
      const began = performance.now();
      let error = '';
      const cleanups = [];
      try {
        await body({ cleanup: f => cleanups.push(f) });
      } catch (e) {
        error = e instanceof Error && e.stack || String(e?.name ? `${e.name}: ${e.message}` : e);
      }
      for (const f of cleanups.reverse()) {
        try { await f(); } catch (e) { error ||= `cleanup: ${e}`; }
      }
      report(JSON.stringify({ Name: name, Error: error, Millis: performance.now() - began }));
    }
    running = false;
  };
  const show = v => typeof v === 'string' ? JSON.stringify(v) : typeof v === 'object' ? JSON.stringify(v) ?? String(v) : String(v);
  const assert = (condition, message = 'assertion failed') => { if (!condition) throw new Error(message); };
  const same = (a, b) => Object.is(a, b) || (a && b && typeof a === 'object' && typeof b === 'object' &&
    Object.keys(a).length === Object.keys(b).length && Object.keys(a).every(k => same(a[k], b[k])));
  return {
    test(name, body) {
      queue.push({ name, body });
      if (!running) { running = true; setTimeout(run, 0); }
    },
    assert,
    assertEquals: (got, want, message = '') => assert(same(got, want), `${message} got ${show(got)}, want ${show(want)}`.trim()),
    assertThrows: async (body, name) => {
      try { await body(); } catch (e) {
        if (name) assert(e.name === name, `got ${e.name}, want ${name}: ${e.message}`);
        return e;
      }
      throw new Error(`expected ${name ?? 'an exception'}`);
    },
  };
})();
