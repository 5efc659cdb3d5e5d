(() => {
  'use strict';
  const hide = (object, name, value) =>
    Object.defineProperty(object, name, { value, writable: true, enumerable: false, configurable: true });
  const missing = (object, methods) => {
    for (const name of Reflect.ownKeys(methods)) if (!(name in object)) hide(object, name, methods[name]);
  };
  missing(Promise, {
    withResolvers() {
      let resolve, reject;
      const promise = new this((a, b) => { resolve = a; reject = b; });
      return { promise, resolve, reject };
    },
  });
  missing(Object, {
    groupBy(items, key) {
      const out = Object.create(null);
      let i = 0;
      for (const item of items) (out[key(item, i++)] ??= []).push(item);
      return out;
    },
  });
  missing(Map, {
    groupBy(items, key) {
      const out = new Map();
      let i = 0;
      for (const item of items) {
        const k = key(item, i++);
        out.has(k) ? out.get(k).push(item) : out.set(k, [item]);
      }
      return out;
    },
  });
  missing(Array, {
    async fromAsync(items, map) {
      const out = [];
      if (items[Symbol.asyncIterator] || items[Symbol.iterator]) {
        const it = (items[Symbol.asyncIterator] ?? items[Symbol.iterator]).call(items);
        for (let r = await it.next(); !r.done; r = await it.next()) out.push(await r.value);
      } else {
        for (let i = 0; i < items.length; i++) out.push(await items[i]);
      }
      return map ? Promise.all(out.map(map)) : out;
    },
  });
  if (!Symbol.asyncIterator) {
    Object.defineProperty(Symbol, 'asyncIterator', { value: Symbol('Symbol.asyncIterator') });
  }
  const settled = Promise.resolve();
  const { then } = Promise.prototype;
  const resolve = Promise.resolve.bind(Promise);
  const { entries } = Map.prototype;
  const { values } = Set.prototype;
  const { toString } = Object.prototype;
  const isMap = v => { try { entries.call(v); return true; } catch { return false; } };
  const isSet = v => { try { values.call(v); return true; } catch { return false; } };
  return {
    then: f => { then.call(settled, f); },
    // Arrow functions of this script's keep the job queue from running in the
    // middle of what they call.
    upon: (v, fulfilled, rejected) => { then.call(resolve(v), x => fulfilled(x), e => rejected(e)); },
    atOnce: f => { f(); },
    iterateStream: proto => {
      const { getReader } = proto;
      const values = function values({ preventCancel = false } = {}) {
        const reader = getReader.call(this);
        return {
          async next() {
            const r = await reader.read();
            if (r.done) reader.releaseLock();
            return r;
          },
          async return(value) {
            const ended = preventCancel ? undefined : reader.cancel(value);
            reader.releaseLock();
            await ended;
            return { value, done: true };
          },
          [Symbol.asyncIterator]() { return this; },
        };
      };
      Object.defineProperty(proto, 'values', { value: values, writable: true, enumerable: true, configurable: true });
      hide(proto, Symbol.asyncIterator, values);
    },
    mapEntries: m => [...entries.call(m)],
    setValues: s => [...values.call(s)],
    newMap: list => new Map(list),
    newSet: list => new Set(list),
    classOf: v => isMap(v) ? 'Map' : isSet(v) ? 'Set' : toString.call(v).slice(8, -1),
    view: (kind, buffer, offset, length) => {
      const C = globalThis[kind];
      return new C(buffer, offset, C.BYTES_PER_ELEMENT ? length / C.BYTES_PER_ELEMENT : length);
    },
  };
})();
