// @ts-check

/**
 * The vault's files for `card-pin.checked.js`, in the place of `vault-files.js`, checked before they run. Their SHA-384 are in the
 * script itself, which the `integrity` of the page covers. The checked bytes are the ones that run.
 */

import sums from "card-pin-sums";
import { CheckedWorker } from "./checked-worker.js";
import { bare } from "./platform.js";
import { hasSimd } from "./simd.js";
import { KEY, vaultSource as uncheckedSource } from "./vault-files.js";

/** @import {CheckedFiles} from "./checked-worker.js" */
/** @import {MakeVault, VaultSource} from "./vault-files.js" */

const WORKER = "card-pin.worker.js";

/** The address of the worker's script, once it was checked. All sessions share it, and it is never revoked, because a worker may still be loading it. @type {string | undefined} */
let blobUrl;

/**
 * @param {{workerUrl?: string, wasmUrl?: string, scalarWasmUrl?: string}} elsewhere other addresses of the files, relative to the document
 * @returns {VaultSource}
 */
export function vaultSource(elsewhere) {
  const { workerUrl, wasm } = /** @type {{workerUrl: string, wasm: string}} */ (uncheckedSource(elsewhere));
  /** @type {string | undefined} */
  let problem;
  /** @param {string} url @param {string} file */
  const read = async (url, file) => {
    const bytes = await bytesOf(url);
    const sum = await sumOf(bytes).catch(() => undefined);
    if (sum && sum === sums[file]) return bytes;
    const { origin, pathname } = new URL(url);
    if (!sum) problem = "this browser computes no SHA-384 here: the page has to come from https.";
    else problem = `${origin}${pathname} is not the ${file} that this script was made with: its SHA-384 differs. Serve all files of one version.`;
    throw "vault_missing";
  };
  /** @returns {Promise<CheckedFiles>} */
  const readBoth = async () => {
    const core = read(wasm, hasSimd() ? "card_pin_bg.wasm" : "card_pin_scalar_bg.wasm");
    const script = blobUrl ? undefined : read(workerUrl, WORKER);
    const [checkedCore, checkedScript] = await Promise.all([core, script]);
    if (checkedScript) blobUrl ??= URL.createObjectURL(new Blob([checkedScript], bare({ type: "text/javascript" })));
    return { url: /** @type {string} */ (blobUrl), core: checkedCore };
  };
  return {
    start: () => /** @type {Worker} */ (/** @type {unknown} */ (new CheckedWorker(readBoth()))),
    wasm,
    load: async () => {
      const { url, core } = await readBoth();
      await importAsIs(url);
      /** @type {MakeVault} */
      const makeVault = /** @type {any} */ (globalThis)[KEY];
      return (tell, breakOff) => {
        const receive = makeVault(tell, breakOff);
        return (message) => receive(message === wasm ? core : message);
      };
    },
    workerUrl,
    problem: () => problem,
  };
}

/**
 * Fetches without cookies and without following a redirect, like `core-loader.js`.
 * @param {string} url
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
async function bytesOf(url) {
  /** @type {RequestInit} */
  const options = bare({ credentials: "omit", redirect: "manual" });
  const response = await fetch(url, options).catch(() => undefined);
  if (!response) throw "network";
  if (!response.ok) throw "vault_missing";
  return response.arrayBuffer().then((bytes) => new Uint8Array(bytes), () => Promise.reject("network"));
}

/** The hash in the form of an `integrity` attribute. @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<string>} */
async function sumOf(bytes) {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-384", bytes));
  return `sha384-${btoa(String.fromCharCode(...sum))}`;
}
