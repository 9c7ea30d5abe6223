// Runs before the vault's own script. Timers of a second and longer (time-outs, and the end of a shown PIN) only expire when the
// test says so.

const { setTimeout, clearTimeout } = globalThis;
const held = new Map();
let timers = 0;

globalThis.setTimeout = (callback, ms, ...given) => {
  if (!(ms >= 1000)) return setTimeout(callback, ms, ...given);
  timers -= 1;
  held.set(timers, callback);
  return timers;
};

globalThis.clearTimeout = (timer) => held.delete(timer) || clearTimeout(timer);

/** Makes all of these timers expire. */
export const waitNoLonger = () => {
  const due = [...held.values()];
  held.clear();
  for (const callback of due) callback();
};
