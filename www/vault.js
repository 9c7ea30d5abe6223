// @ts-check

/** The vault, as far as it is a script: it loads the core and hands every message over to it. */

import { Vault, __wbg_reset_state as resetCore, initSync } from "card-pin-wasm";
import { compileCore } from "./core-loader.js";

/** @import {Outward} from "./protocol.d.ts" */

/** Whether the core has broken off. What is in its memory then cannot be relied on, and is not used for another session. */
let isBroken = false;
/** @type {WebAssembly.Memory | undefined} */
let memory;

/**
 * Makes a vault. The first message is the core: its address, or its bytes. All others are those of `protocol.d.ts`, and wait
 * in order until the core is loaded.
 * @param {(message: Outward) => void} tell
 * @param {(failure: unknown) => void} [breakOff] called when the core breaks off; where it does so at a message, `receive` throws
 * @returns {(message: unknown) => void}
 */
export function makeVault(tell, breakOff = throwInTurn) {
  /** @type {Vault | undefined} */
  let vault;
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
    giveUp();
    breakOff(failure);
  };
  /** @param {WebAssembly.Module} module */
  const start = (module) => {
    if (isClosed) return;
    initSync({ module });
    if (isBroken) resetCore();
    isBroken = false;
    // By now there is a core, and this gives the one that there is.
    ({ memory } = initSync({ module }));
    vault = new Vault(tell, breakNow);
    for (const message of waiting) receive(vault, message);
    waiting = [];
  };
  return (message) => {
    if (vault) return receive(vault, message);
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

/** Whatever a core that broke off was at, none of it stays: the page may live on for long. */
function giveUp() {
  isBroken = true;
  const broken = memory;
  // What called this may be the core itself.
  if (broken) queueMicrotask(() => new Uint8Array(broken.buffer).fill(0));
}

/**
 * A core that breaks off breaks its worker, of which the page hears; a promise would keep it to itself.
 * @param {unknown} failure
 */
function throwInTurn(failure) {
  queueMicrotask(() => {
    throw failure;
  });
}

/**
 * @param {Vault} vault
 * @param {unknown} message
 */
function receive(vault, message) {
  try {
    vault.receive(message);
  } catch (failure) {
    giveUp();
    throw failure;
  }
}
