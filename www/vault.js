// @ts-check

/**
 * The vault's end of the protocol: messages in, calls to the WebAssembly core, messages out. It decides nothing.
 * It runs in a dedicated worker, or on the page where no worker can be started.
 */

import init, { Vault } from "card-pin-wasm";
import { isDigit } from "./protocol.js";
import { Viewer } from "./viewer.js";

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
  const viewer = new Viewer(emit);
  /** @param {Outward} message */
  const tell = (message) => {
    if (vault && "event" in message && message.event === "view_pin_success") viewer.show(vault);
    emit(message);
  };
  /** @param {Exclude<Inward, Open>} message */
  const take = (message) => {
    if (message.do === "canvas") viewer.give(message.canvas, message.color);
    else if (message.do === "spell") viewer.spell();
    else if (message.do === "close") {
      vault?.close();
      viewer.close().then(() => emit({ closed: true }));
    } else if (vault) pass(message, vault);
  };
  return (message) => {
    if (message.do === "open") opening ??= open(message, tell).then((opened) => (vault = opened));
    else if (vault) take(message);
    else opening?.then(() => take(message));
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
    const event = config.view ? "view_pin_error" : "set_pin_error";
    emit({ event, code, retryable: code !== "wasm_unavailable" });
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
 * @param {import("./protocol.js").Press | import("./protocol.js").Edit | import("./protocol.js").GiveControlId} message
 * @param {Vault} vault
 */
function pass(message, vault) {
  switch (message.do) {
    case "press":
      if (isDigit(message.digit)) vault.press(message.digit);
      break;
    case "erase":
      vault.erase();
      break;
    case "clear":
      vault.clear();
      break;
    case "confirm":
      vault.confirm();
      break;
    case "advance":
      vault.advance();
      break;
    case "submit":
      vault.submit();
      break;
    case "controlId":
      vault.controlId(message.controlId);
  }
}
