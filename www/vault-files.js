// @ts-check

/** The vault's files beside `card-pin.js`. The standalone has `vault-inlined.js` instead. */

import { absolute, bare, startWorker } from "./platform.js";
import { hasSimd } from "./simd.js";

/** @import {Outward} from "./protocol.d.ts" */

/** @typedef {(tell: (message: Outward) => void, breakOff?: (failure: unknown) => void) => (message: unknown) => void} MakeVault */

/**
 * The source from which a vault is started.
 * @typedef {object} VaultSource
 * @property {() => Worker} start starts it in a worker
 * @property {string | Uint8Array<ArrayBuffer>} wasm the core's address, or the core itself
 * @property {() => Promise<MakeVault>} load loads it onto the page, if no worker can be started
 * @property {() => Promise<string | undefined>} [explain] gives the code of the reason why the worker's script cannot be loaded, if there is one
 * @property {string} [workerUrl] where the worker's script is, if it is a file
 * @property {() => string | undefined} [problem] the fault of a file that is already known, for the console
 */

/** The name under which `vault.worker.js` leaves the vault for a page. */
export const KEY = Symbol.for("card-pin.vault");

/**
 * Bundlers look for exactly `new URL("…", import.meta.url)` and add the files. It is only evaluated if no other address is given:
 * some bundles do not know their own address.
 * @param {{workerUrl?: string, wasmUrl?: string, scalarWasmUrl?: string}} elsewhere other addresses of the files, relative to the document
 * @returns {VaultSource}
 */
export function vaultSource({ workerUrl, wasmUrl, scalarWasmUrl }) {
  const worker = fileAt("workerUrl", workerUrl, () => new URL("./card-pin.worker.js", import.meta.url));
  const wasm = hasSimd()
    ? fileAt("wasmUrl", wasmUrl, () => new URL("./card_pin_bg.wasm", import.meta.url))
    : fileAt("scalarWasmUrl", scalarWasmUrl, () => new URL("./card_pin_scalar_bg.wasm", import.meta.url));
  return {
    start: () => startWorker(isForeign(worker) ? starterOf(worker) : worker, "module"),
    wasm,
    load: () => importAsIs(worker).then(() => /** @type {any} */ (globalThis)[KEY], async () => Promise.reject((await explain(worker)) ?? "vault_missing")),
    explain: () => explain(worker),
    workerUrl: worker,
  };
}

/**
 * @param {string} name of the option
 * @param {string | undefined} given
 * @param {() => URL} beside
 * @returns {string} absolute
 * @throws {TypeError} now, before the customer types
 */
function fileAt(name, given, beside) {
  let url = "data:";
  try {
    url = given ? absolute(given) : beside().href;
  } catch {
    // The bundle does not know its own address.
  }
  // A worker from a `data:` address cannot make requests, and few policies allow one.
  if (url.startsWith("data:")) throw new TypeError(`${name} has to be the address of a file; or import card-pin/standalone`);
  return url;
}

/** Whether a file has another origin than the page. @param {string} url */
const isForeign = (url) => /^http/.test(url) && !url.startsWith(`${globalThis.origin}/`);

/**
 * Starts a worker that loads a script of another origin: browsers only start workers from the page's own origin.
 * @param {string} url
 */
const starterOf = (url) => URL.createObjectURL(new Blob([`import ${JSON.stringify(url)}`], bare({ type: "text/javascript" })));

/**
 * Distinguishes a network that is down from a missing file, which the errors of an import or a worker do not.
 * @param {string} url
 * @returns {Promise<string | undefined>} the code; `undefined` if the file can be loaded
 */
async function explain(url) {
  /** @type {RequestInit} */
  const options = bare({ credentials: "omit" });
  try {
    const response = await fetch(url, options);
    // A script that breaks off half-way is also a network error.
    await response.arrayBuffer();
    return response.ok ? undefined : "vault_missing";
  } catch {
    return "network";
  }
}
