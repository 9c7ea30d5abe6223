// @ts-check

/** @import {Outward} from "./protocol.js" */

/**
 * Has a vault answer the page that started this worker. Where no worker can be started, the page imports the same module for
 * its `makeVault` instead, and there is nobody to serve.
 * @param {(emit: (message: Outward) => void) => (data: unknown) => void} makeVault
 */
export function serve(makeVault) {
  if (!("DedicatedWorkerGlobalScope" in globalThis)) return;
  const receive = makeVault((message) => postMessage(message));
  addEventListener("message", ({ data }) => receive(data));
  postMessage({ started: true });
}
