// @ts-check

/** The worker's entry; where no worker can be started, the page imports this module for `makeVault` instead. */

import { makeVault } from "./vault.js";

export { makeVault };

if ("DedicatedWorkerGlobalScope" in globalThis) {
  const receive = makeVault((message) => postMessage(message));
  addEventListener("message", ({ data }) => receive(data));
  postMessage({ started: true });
}
