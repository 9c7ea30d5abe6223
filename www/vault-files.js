// @ts-check

/** The vault's files, as they lie beside `card-pin.js`. `vault-inlined.js` stands in for this in the standalone. */

import { absolute, bare, startWorker } from "./platform.js";
import { hasSimd } from "./simd.js";

/** @import {Outward} from "./protocol.d.ts" */

/** @typedef {(tell: (message: Outward) => void, breakOff?: (failure: unknown) => void) => (message: unknown) => void} MakeVault */

/**
 * What a vault is started from.
 * @typedef {object} VaultSource
 * @property {() => Worker} start starts it in a worker
 * @property {string | Uint8Array<ArrayBuffer>} wasm the core: its address, or itself
 * @property {() => Promise<MakeVault>} load loads it onto the page, where no worker can be started
 * @property {() => Promise<string | undefined>} [explain] gives the code of what keeps the worker's script from being loaded, if anything does
 * @property {string} [workerUrl] where the worker's script is, if it is a file
 * @property {() => string | undefined} [problem] what is already known to be wrong with a file, for the console
 */

/** Where `vault.worker.js` leaves the vault for a page. */
export const KEY = Symbol.for("card-pin.vault");

/**
 * Bundlers look for `new URL("…", import.meta.url)`, exactly so written, and bring the files along. Only an address that is not
 * given is made: some bundles do not know their own.
 * @param {{workerUrl?: string, wasmUrl?: string, scalarWasmUrl?: string}} elsewhere where the files are instead, relative to the document
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
 * @throws {TypeError} now, and not when the customer has typed
 */
function fileAt(name, given, beside) {
  let url = "data:";
  try {
    url = given ? absolute(given) : beside().href;
  } catch {
    // The bundle has no address of its own.
  }
  // A worker from a `data:` address may ask no server, and few policies allow one.
  if (url.startsWith("data:")) throw new TypeError(`${name} has to be the address of a file; or import card-pin/standalone`);
  return url;
}

/** Whether a file is of another origin than the page. @param {string} url */
const isForeign = (url) => /^http/.test(url) && !url.startsWith(`${globalThis.origin}/`);

/**
 * A worker is only started from the page's own origin: this one is, and loads the other.
 * @param {string} url
 */
const starterOf = (url) => URL.createObjectURL(new Blob([`import ${JSON.stringify(url)}`], bare({ type: "text/javascript" })));

/**
 * Tells a network that is down from a file that is not there: neither an import nor a worker says so.
 * @param {string} url
 * @returns {Promise<string | undefined>} the code; `undefined` where the file can be loaded
 */
async function explain(url) {
  /** @type {RequestInit} */
  const options = bare({ credentials: "omit" });
  try {
    const response = await fetch(url, options);
    // A script that breaks off half-way is the network's fault, too.
    await response.arrayBuffer();
    return response.ok ? undefined : "vault_missing";
  } catch {
    return "network";
  }
}
