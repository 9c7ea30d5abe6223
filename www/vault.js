// @ts-check

/** The script part of the vault: it loads the core and passes every message on to it. */

import { Vault, __wbg_reset_state as resetCore, initSync } from "card-pin-wasm";
import { compileCore } from "./core-loader.js";

/** @import {Outward} from "./protocol.d.ts" */

/** The memory of the core that new vaults use. @type {WebAssembly.Memory | undefined} */
let memory;
/** Whether that core has broken off. Its memory may then be inconsistent, and is not used for another session. */
let isBroken = false;

/**
 * Makes a vault. The first message is the core: its address, or its bytes. All others are those of `protocol.d.ts`, and wait
 * in order until the core is loaded.
 * @param {(message: Outward) => void} tell
 * @param {(failure: unknown) => void} [breakOff] called when the core breaks off; if it does so in a message, `receive` throws
 * @returns {(message: unknown) => void}
 */
export function makeVault(tell, breakOff = throwInTurn) {
  /** @type {Vault | undefined} */
  let vault;
  /** The memory that it uses, also after another core was started. @type {WebAssembly.Memory | undefined} */
  let own;
  /** @type {unknown[]} */
  let waiting = [];
  let isLoading = false;
  let isClosed = false;
  const loading = new AbortController();
  /** @param {string | null} code */
  const close = (code) => {
    if (isClosed) return;
    isClosed = true;
    waiting = [];
    loading.abort();
    tell(/** @type {Outward} */ ({ closed: { code } }));
  };
  /** @param {unknown} failure */
  const breakNow = (failure) => {
    giveUp(own);
    breakOff(failure);
  };
  /** @param {unknown} message */
  const receive = (message) => {
    try {
      vault?.receive(message);
    } catch (failure) {
      giveUp(own);
      throw failure;
    }
  };
  /** @param {WebAssembly.Module} module */
  const start = (module) => {
    if (isClosed) return;
    initSync({ module });
    if (isBroken) resetCore();
    isBroken = false;
    // The core is already loaded, and this returns it.
    ({ memory } = initSync({ module }));
    own = memory;
    vault = new Vault(tell, breakNow);
    for (const message of waiting) receive(message);
    waiting = [];
  };
  return (message) => {
    if (vault) return receive(message);
    if (isClosed) return;
    if (message === "close") close(null);
    else if (isLoading) waiting.push(message);
    else if (typeof message === "string" || message instanceof Uint8Array) {
      isLoading = true;
      compileCore(/** @type {string | Uint8Array<ArrayBuffer>} */ (message), loading.signal).then(
        (module) => {
          try {
            start(module);
          } catch (failure) {
            breakNow(failure);
          }
        },
        (failure) => close(typeof failure === "string" ? failure : "wasm_unavailable"),
      );
    }
  };
}

/**
 * Wipes the memory of a core that broke off: the page may stay open for long.
 * @param {WebAssembly.Memory | undefined} broken
 */
function giveUp(broken) {
  // Several vaults on a page share a core. When the next of them notices that it broke off, another may be in use already.
  isBroken ||= broken === memory;
  // The caller may be the core itself.
  if (broken) queueMicrotask(() => new Uint8Array(broken.buffer).fill(0));
}

/**
 * Throws the core's failure as an uncaught error of its worker, which the page gets; a promise would hide it.
 * @param {unknown} failure
 */
function throwInTurn(failure) {
  queueMicrotask(() => {
    throw failure;
  });
}
