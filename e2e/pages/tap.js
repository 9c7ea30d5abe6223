// Stands before the vault's own script and holds on to what it keeps to itself: the WebAssembly memory, and its clock.

import { waitNoLonger } from "./timers.js";

let memory;

/** A copy of the whole memory, as it is at this moment, to the test's server. */
const upload = (moment) =>
  fetch(`/tap/${moment}`, { method: "POST", body: new Uint8Array(memory.buffer).slice() });

const { Instance } = WebAssembly;
WebAssembly.Instance = function (...given) {
  const made = new Instance(...given);
  memory = made.exports.memory;
  return made;
};

// The search for a key pair gives way by a message to itself after each candidate.
if (new URL(globalThis.location.href).searchParams.has("searching")) {
  const original = MessagePort.prototype.postMessage;
  let turns = 0;
  MessagePort.prototype.postMessage = function (...given) {
    turns += 1;
    if (turns === 5) upload("searching");
    return original.apply(this, given);
  };
}

/** What the vault says last: the worker could be ended now, and is tapped instead. */
export const say = (message) => {
  if (message.closed) upload("closed");
};

if ("DedicatedWorkerGlobalScope" in globalThis) {
  const original = globalThis.postMessage.bind(globalThis);
  globalThis.postMessage = (message, ...given) => {
    say(message);
    original(message, ...given);
  };
}

new BroadcastChannel("tap").onmessage = ({ data }) => {
  if (data.do === "tap" && memory) upload("now");
  if (data.do === "plant") globalThis.planted = data.values;
  if (data.do === "wait no longer") waitNoLonger();
};
