// @ts-check

/**
 * The vault's end of the protocol: messages in, calls to the WebAssembly core, messages out. It decides nothing.
 * It runs in a dedicated worker, or on the page where no worker can be started.
 */

import init, { Vault } from "card-pin-wasm";
import { isDigit } from "./protocol.js";

/** @import {Inward, Open, Outward} from "./protocol.js" */

/**
 * Makes a vault that waits for `open`. Messages that come before the core is loaded wait in order.
 * @param {(message: Outward) => void} emit
 * @returns {(message: Inward) => void}
 */
export function makeVault(emit) {
  /** @type {Promise<Vault | undefined> | undefined} */
  let opening;
  /** @type {Vault | undefined} */
  let vault;
  return (message) => {
    if (message.do === "open") {
      opening ??= open(message, emit).then((opened) => (vault = opened));
    } else if (vault) {
      pass(message, vault, emit);
    } else {
      opening?.then((opened) => pass(message, opened, emit));
    }
  };
}

/**
 * @param {Open} message
 * @param {(message: Outward) => void} emit
 * @returns {Promise<Vault | undefined>} `undefined` when it failed, which `emit` has been told
 */
async function open({ config, wasm }, emit) {
  try {
    await load(wasm);
    return new Vault(config, emit);
  } catch (failure) {
    const code = typeof failure === "string" ? failure : "wasm_unavailable";
    emit({ event: "set_pin_error", code, retryable: code !== "wasm_unavailable" });
    return undefined;
  }
}

/**
 * Loads the core. Where the server gives it a wrong media type, it is compiled without streaming.
 * @param {string | Uint8Array<ArrayBuffer>} wasm its address, or itself
 */
async function load(wasm) {
  if (typeof WebAssembly !== "object") throw "wasm_unavailable";
  if (typeof wasm !== "string") return init({ module_or_path: wasm });
  const response = await fetch(wasm, { credentials: "same-origin" }).catch(() => undefined);
  if (!response?.ok) throw "network";
  return init({ module_or_path: response });
}

/**
 * @param {Exclude<Inward, Open>} message
 * @param {Vault | undefined} vault
 * @param {(message: Outward) => void} emit
 */
function pass(message, vault, emit) {
  switch (message.do) {
    case "press":
      if (isDigit(message.digit)) vault?.press(message.digit);
      break;
    case "erase":
      vault?.erase();
      break;
    case "clear":
      vault?.clear();
      break;
    case "confirm":
      vault?.confirm();
      break;
    case "advance":
      vault?.advance();
      break;
    case "submit":
      vault?.submit();
      break;
    case "controlId":
      vault?.controlId(message.controlId);
      break;
    case "close":
      vault?.close();
      emit({ closed: true });
  }
}
