// Runs before the vault's own script and keeps access to two things that are private to it: the WebAssembly memory and the
// timers.

import { waitNoLonger } from "./timers.js";

let memory;

/** Sends a copy of the whole memory, as it is at this moment, to the test's server. */
const upload = (moment) =>
  fetch(`/tap/${moment}`, { method: "POST", body: new Uint8Array(memory.buffer).slice() });

const { Instance } = WebAssembly;
WebAssembly.Instance = function (...given) {
  const made = new Instance(...given);
  memory = made.exports.memory;
  return made;
};

// After each step, the search for a key pair lets other tasks run by sending a message to itself.
if (new URL(globalThis.location.href).searchParams.has("searching")) {
  const original = MessagePort.prototype.postMessage;
  let turns = 0;
  MessagePort.prototype.postMessage = function (...given) {
    turns += 1;
    if (turns === 5) upload("searching");
    return original.apply(this, given);
  };
}

/** Handles the vault's last message: the page could end the worker now, and its memory is copied instead. */
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
