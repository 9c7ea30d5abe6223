// Stands before the vault's own script: timers of a second and longer, time-outs and the end of a PIN that is shown, wait until
// they are told.

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

/** Has all their time be over. */
export const waitNoLonger = () => {
  const due = [...held.values()];
  held.clear();
  for (const callback of due) callback();
};
