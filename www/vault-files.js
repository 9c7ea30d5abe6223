// @ts-check

/** The vault's files, as they lie beside `card-pin.js`. `vault-inlined.js` stands in for this in the standalone. */

import { absolute, bare } from "./platform.js";
import { hasSimd } from "./simd.js";

/** @import {Outward} from "./protocol.d.ts" */

/**
 * What a vault is started from.
 * @typedef {object} VaultSource
 * @property {() => string} workerUrl the address of the worker's script
 * @property {WorkerType} workerType what kind of script that is
 * @property {string | Uint8Array<ArrayBuffer>} wasm the core: its address, or itself
 * @property {() => Promise<{makeVault(tell: (message: Outward) => void, breakOff?: (failure: unknown) => void): (message: unknown) => void}>} load
 *   loads the vault onto the page, where no worker can be started
 */

/**
 * Bundlers look for `new URL("…", import.meta.url)`, exactly so written, and bring the files along.
 * @param {{workerUrl?: string, wasmUrl?: string, scalarWasmUrl?: string}} elsewhere where the files are instead, relative to the document
 * @returns {VaultSource}
 */
export function vaultSource({ workerUrl, wasmUrl, scalarWasmUrl }) {
  const worker = workerUrl ? absolute(workerUrl) : new URL("./card-pin.worker.js", import.meta.url).href;
  const simd = wasmUrl ? absolute(wasmUrl) : new URL("./card_pin_bg.wasm", import.meta.url).href;
  const scalar = scalarWasmUrl ? absolute(scalarWasmUrl) : new URL("./card_pin_scalar_bg.wasm", import.meta.url).href;
  return {
    workerUrl: () => worker,
    workerType: "module",
    wasm: hasSimd() ? simd : scalar,
    load: () => import(worker).catch(() => explain(worker)),
  };
}

/**
 * Tells a network that is down from a file that is not there, or is blocked: an import says neither.
 * @param {string} url
 * @returns {Promise<never>} rejected with the code
 */
async function explain(url) {
  /** @type {RequestInit} */
  const options = bare({ credentials: "omit" });
  // A script that breaks off half-way is the network's fault, too.
  const isThere = await fetch(url, options).then((response) => response.arrayBuffer()).then(() => true, () => false);
  throw isThere ? "vault_missing" : "network";
}
