// Many sessions in one page, one after the other, each with a card of its own.

import { PinSession } from "./card-pin.js";

/** The last reported size of a vault's WebAssembly memory, in bytes. */
let memory = 0;
new BroadcastChannel("card-pin-memory").onmessage = ({ data }) => (memory = data);

const call = async (path, body) => {
  const response = await fetch(path, body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
};

/** Sets the PIN of a new card; returns how many milliseconds that took, from the start of the session to the server's answer. */
async function session(pin, options) {
  const { id } = await call("/issuer/api/cards", { firstName: "Ada", lastName: "Lindqvist" });
  const { controlId } = await call(`/issuer/api/cards/${id}/set-pin`, {});
  const start = performance.now();
  const made = new PinSession({ controlId, tzpkUrl: "./tzpk", setUrl: "./set", ...options });
  for (const digit of pin + pin) made.press(Number(digit));
  await made.setPin();
  const took = performance.now() - start;
  const held = await call(`/sandbox/cards/${id}/pin`);
  if (held.pin !== pin) throw new Error("another PIN is set than the one entered");
  return took;
}

window.sessions = async (count, pin) => {
  const times = [];
  while (times.length < count) times.push(await session(pin));
  return times;
};

/** The size of the vault's WebAssembly memory, which never shrinks, when its session has ended. */
window.wasmMemory = async (pin) => {
  await session(pin, { workerUrl: "./measured.worker.js" });
  return memory;
};
