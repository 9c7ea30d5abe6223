// A core that traps once, where the address says: at a press, in the search for a key pair, or when an answer has come. After
// that it traps at whatever is asked of it, until it is made anew.

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

/** To be told of every message before the vault is: where that is on the page, by whoever passes it on. */
export const note = (message) => {
  isDue ||= where === "press" && message?.press !== undefined;
};
// The vault's own listener comes later.
addEventListener("message", ({ data }) => note(data));

WebAssembly.Instance = function (...given) {
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

// The core goes on by microtasks. What is thrown in one is an error of the thread's, and not a rejection.
const { queueMicrotask, fetch } = globalThis;
globalThis.queueMicrotask = (callback) =>
  queueMicrotask(() => {
    turns += 1;
    if (where === "search" && turns === 4) trap();
    callback();
  });
globalThis.fetch = async (url, ...given) => {
  const answer = await fetch(url, ...given);
  // The promise's own reaction comes first.
  if (where === "answer" && String(url).includes("/tzpk")) queueMicrotask(() => queueMicrotask(trap));
  return answer;
};
