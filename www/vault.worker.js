// @ts-check

/** The vault's worker. A page on which no worker can be started imports this module, too, and then makes the vault itself. */

import { makeVault } from "./vault.js";

if ("DedicatedWorkerGlobalScope" in globalThis) {
  const receive = makeVault((message) => postMessage(message));
  addEventListener("message", ({ data }) => receive(data));
}

export { makeVault };
