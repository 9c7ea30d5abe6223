// @ts-check

/**
 * The vault's worker. A page on which no worker can be started loads this file, too, and then makes the vault itself. It has no
 * `export`: some bundlers copy it unchanged, and load it as a classic script.
 */

import { makeVault } from "./vault.js";

if ("DedicatedWorkerGlobalScope" in globalThis) {
  const receive = makeVault((message) => postMessage(message));
  addEventListener("message", ({ data }) => receive(data));
} else {
  Object.assign(globalThis, { [Symbol.for("card-pin.vault")]: makeVault });
}
