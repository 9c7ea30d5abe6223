// A core that traps once at the moment that the address names: at a press, in the search for a key pair, or after an answer. Then
// it traps at every call until it is made again. Or a device without enough memory: none for an instance, or none beyond the
// first pages of an instance.

let where = new URL(globalThis.location.href).search.slice(1);
const { Instance, RuntimeError } = WebAssembly;
let core = { isBroken: false };
let isDue = false;
let turns = 0;

const trap = () => {
  where = "";
  isDue = false;
  core.isBroken = true;
  throw new RuntimeError("unreachable");
};

/** Has to get every message before the vault. On the page, the code that passes messages on calls it. */
export const note = (message) => {
  isDue ||= where === "press" && message?.press !== undefined;
};
// This listener runs before the vault's own.
addEventListener("message", ({ data }) => note(data));

WebAssembly.Instance = function (...given) {
  if (where === "instance") throw new RangeError("out of memory");
  const { exports } = new Instance(...given);
  const made = { isBroken: false };
  core = made;
  const guarded = (original) => (...values) => {
    if (isDue || made.isBroken) trap();
    return original(...values);
  };
  const entries = Object.entries(exports).map(([name, value]) => [name, typeof value === "function" ? guarded(value) : value]);
  return { exports: Object.fromEntries(entries) };
};

if (where === "memory") {
  const { compile } = WebAssembly;
  WebAssembly.compileStreaming = async () => Promise.reject(new RangeError("out of memory"));
  WebAssembly.compile = (bytes) => compile(withoutGrowth(bytes));
}

/** A module whose memory is at its limit from the start (WebAssembly, 5.5.8: section 5, one memory without a maximum). */
function withoutGrowth(bytes) {
  const number = (at) => {
    let [value, shift] = [0, 0];
    for (; ; at += 1, shift += 7) {
      value |= (bytes[at] & 0x7f) << shift;
      if (bytes[at] < 0x80) return [value, at + 1];
    }
  };
  for (let at = 8; at < bytes.length; ) {
    const [length, start] = number(at + 1);
    if (bytes[at] === 5) {
      const pages = bytes.slice(start + 2, start + length);
      const section = [5, 2 + 2 * pages.length, 1, 1, ...pages, ...pages];
      return new Uint8Array([...bytes.subarray(0, at), ...section, ...bytes.subarray(start + length)]);
    }
    at = start + length;
  }
  throw new Error("the core has no memory");
}

// The core continues in microtasks. An exception in one is an error of the thread, not a rejection.
const { queueMicrotask, fetch } = globalThis;
globalThis.queueMicrotask = (callback) =>
  queueMicrotask(() => {
    turns += 1;
    if (where === "search" && turns === 4) trap();
    callback();
  });
globalThis.fetch = async (url, ...given) => {
  const answer = await fetch(url, ...given);
  // The reaction to the promise itself runs first.
  if (where === "answer" && String(url).includes("/tzpk")) queueMicrotask(() => queueMicrotask(trap));
  return answer;
};
