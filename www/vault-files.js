// @ts-check

/** The vault's two files, as they lie beside `card-pin.js`. `vault-inlined.js` stands in for this in the standalone. */

/** @import {Outward} from "./protocol.js" */

/**
 * What a vault is started from.
 * @typedef {object} VaultSource
 * @property {() => string} workerUrl the address of the worker's script
 * @property {WorkerType} workerType what kind of script that is
 * @property {string | Uint8Array<ArrayBuffer>} wasm the core: its address, or itself
 * @property {() => Promise<{makeVault(emit: (message: Outward) => void): (data: unknown) => void}>} load
 *   loads the vault onto the page, where no worker can be started
 */

/**
 * Bundlers look for `new URL("…", import.meta.url)`, exactly so written, and bring the files along.
 * @param {{workerUrl?: string, wasmUrl?: string}} elsewhere where the files are instead, relative to the document
 * @returns {VaultSource}
 */
export function vaultSource({ workerUrl, wasmUrl }) {
  const worker = workerUrl
    ? new URL(workerUrl, document.baseURI)
    : new URL("./card-pin.worker.js", import.meta.url);
  const wasm = wasmUrl ? new URL(wasmUrl, document.baseURI) : new URL("./card_pin_bg.wasm", import.meta.url);
  return {
    workerUrl: () => worker.href,
    workerType: "module",
    wasm: wasm.href,
    load: () => import(worker.href),
  };
}
