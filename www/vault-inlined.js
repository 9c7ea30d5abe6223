// @ts-check

/** The vault inside the script itself, for `card-pin.standalone.js`, in the place of `vault-files.js`. */

import scalar from "card-pin-scalar-wasm-inlined";
import simd from "card-pin-wasm-inlined";
import worker from "card-pin-worker-inlined";
import { absolute, bare, startWorker } from "./platform.js";
import { hasSimd } from "./simd.js";
import { makeVault } from "./vault.js";

/** @type {string | undefined} */
let blobUrl;

/**
 * @param {{workerUrl?: string, wasmUrl?: string, scalarWasmUrl?: string}} elsewhere other addresses of the files, relative to the document
 * @returns {import("./vault-files.js").VaultSource}
 */
export function vaultSource({ workerUrl, wasmUrl, scalarWasmUrl }) {
  const [elsewhere, inlined] = hasSimd() ? [wasmUrl, simd] : [scalarWasmUrl, scalar];
  return {
    // All sessions share it, and it is never revoked, because a worker may still be loading it.
    start: () =>
      workerUrl
        ? startWorker(absolute(workerUrl), "module")
        : // On `file://`, Chromium does not start a module from a `blob:` address.
          startWorker((blobUrl ??= URL.createObjectURL(new Blob([worker], bare({ type: "text/javascript" })))), "classic"),
    wasm: elsewhere ? absolute(elsewhere) : decoded(inlined),
    load: async () => makeVault,
  };
}

/**
 * @param {string} base64
 * @returns {Uint8Array<ArrayBuffer>}
 */
function decoded(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}
