// @ts-check

/** The vault inside the script itself, for `card-pin.standalone.js`: what `vault-files.js` is to `card-pin.js`. */

import wasm from "card-pin-wasm-inlined";
import worker from "card-pin-worker-inlined";
import { makeVault } from "./vault.js";

/** @type {string | undefined} */
let blobUrl;

/**
 * @param {{workerUrl?: string, wasmUrl?: string}} elsewhere where a file is instead, relative to the document
 * @returns {import("./vault-files.js").VaultSource}
 */
export function vaultSource({ workerUrl, wasmUrl }) {
  const absolute = (/** @type {string} */ url) => new URL(url, document.baseURI).href;
  return {
    // One for all sessions: it is never revoked, because a worker may still be loading it.
    workerUrl: () =>
      workerUrl ? absolute(workerUrl) : (blobUrl ??= URL.createObjectURL(new Blob([worker], { type: "text/javascript" }))),
    // On `file://`, Chromium starts no module from a `blob:` address.
    workerType: workerUrl ? "module" : "classic",
    wasm: wasmUrl ? absolute(wasmUrl) : wasm,
    load: async () => ({ makeVault }),
  };
}
