// @ts-check

/**
 * The vault's end of the protocol: messages in, calls to the WebAssembly core, messages out. It decides nothing.
 * It runs in a dedicated worker, or on the page where no worker can be started.
 */

import { Vault, initSync } from "card-pin-wasm";
import { Courier } from "./courier.js";
import { readInward } from "./protocol.js";

/** @import {Inward, Open, Outward} from "./protocol.js" */
/** @import {Viewer} from "./viewer.js" */

/**
 * Makes a vault that waits for `open`. Messages that come before the core is loaded wait in order; what is no message, or
 * comes after `close`, is ignored.
 * @param {(message: Outward) => void} emit
 * @param {Viewer} [viewer] what shows a PIN; a vault without one only sets PINs
 * @returns {(data: unknown) => void}
 */
export function makeVault(emit, viewer) {
  /** @type {Promise<Courier | undefined> | undefined} */
  let opening;
  const loading = new AbortController();
  /** @type {Courier | undefined} */
  let courier;
  let isClosed = false;
  /** @param {Outward} message */
  const tell = (message) => {
    if (courier && "event" in message && message.event === "view_pin_success") viewer?.show(courier.vault);
    emit(message);
  };
  /** @param {Exclude<Inward, Open>} message */
  const take = (message) => {
    if (isClosed) return;
    if (message.do === "canvas") viewer?.give(message.canvas, message.color);
    else if (message.do === "spell") viewer?.spell();
    else if (message.do === "close") {
      isClosed = true;
      courier?.close();
      Promise.resolve(viewer?.close()).then(() => emit({ closed: true }));
    } else if (courier) {
      pass(message, courier.vault);
      courier.carryOut();
      if (message.do === "advance") emit({ advanced: true });
    }
  };
  return (data) => {
    const message = readInward(data);
    if (!message) return;
    // A core that is still on its way is waited for no longer.
    if (message.do === "close") loading.abort();
    if (message.do === "open") {
      opening ??= open(message, viewer !== undefined, loading.signal, tell).then((opened) => (courier = opened));
    } else if (courier) take(message);
    else opening?.then(() => take(message));
  };
}

/**
 * @param {Open} message
 * @param {boolean} canShow whether a PIN can be viewed here
 * @param {AbortSignal} signal gives the loading up
 * @param {(message: Outward) => void} emit
 * @returns {Promise<Courier | undefined>} `undefined` when it failed, which `emit` has been told
 */
async function open({ config, wasm }, canShow, signal, emit) {
  try {
    // The integrator's mistake: a PIN that nobody would see is not asked for.
    if (config.view && !canShow) throw "wasm_unavailable";
    await load(wasm, signal);
    const { view, controlId, minLength, maxLength, confirm, rejectWeakPin, keySize } = config;
    const vault = Vault.open(view, controlId, minLength, maxLength, confirm, rejectWeakPin, keySize);
    // The page has checked all but how long a control id may be.
    if (!vault) throw "control_id_missing";
    const courier = new Courier(vault, config, emit);
    courier.carryOut();
    emit({ opened: true });
    return courier;
  } catch (failure) {
    const code = typeof failure === "string" ? failure : "wasm_unavailable";
    const event = config.view ? "view_pin_error" : "set_pin_error";
    emit({ event, code, retryable: code !== "wasm_unavailable" });
    return undefined;
  }
}

/** What every WebAssembly file begins with. */
const MAGIC = [0x00, 0x61, 0x73, 0x6d];

/**
 * Loads the core.
 * @param {string | Uint8Array<ArrayBuffer>} wasm its address, or itself
 * @param {AbortSignal} signal
 */
async function load(wasm, signal) {
  if (typeof WebAssembly !== "object") throw "wasm_unavailable";
  initSync({ module: await (typeof wasm === "string" ? compileFrom(wasm, signal) : WebAssembly.compile(wasm)) });
}

/**
 * Compiles the core while it comes. Where that fails, it is compiled once more when all of it is there, so that a bad network
 * is told from a device that cannot compile; and so it is where a server does not know the type of WebAssembly.
 * @param {string} url
 * @param {AbortSignal} signal
 */
async function compileFrom(url, signal) {
  let response = await request(url, signal);
  if (response.headers.get("content-type") === "application/wasm") {
    const module = await WebAssembly.compileStreaming(response).catch(() => undefined);
    if (module) return module;
    response = await request(url, signal);
  }
  const bytes = await wholeOf(response).catch(() => undefined);
  if (!bytes || MAGIC.some((byte, at) => bytes[at] !== byte)) throw "network";
  return WebAssembly.compile(bytes);
}

/**
 * @param {string} url
 * @param {AbortSignal} signal
 */
async function request(url, signal) {
  const response = await fetch(url, { credentials: "same-origin", signal }).catch(() => undefined);
  if (!response?.ok) throw "network";
  return response;
}

/**
 * @param {Response} response
 * @returns {Promise<Uint8Array<ArrayBuffer> | undefined>} `undefined` where it breaks off
 */
async function wholeOf(response) {
  const bytes = new Uint8Array(await response.arrayBuffer());
  // WebKitGTK takes a connection's end for the body's, whatever length was announced.
  const announced = response.headers.has("content-encoding") ? 0 : Number(response.headers.get("content-length"));
  return bytes.length >= announced ? bytes : undefined;
}

/**
 * @param {import("./protocol.js").Press | import("./protocol.js").Edit | import("./protocol.js").GiveControlId} message
 * @param {Vault} vault
 */
function pass(message, vault) {
  if (message.do === "press") vault.press(message.digit);
  else if (message.do === "controlId") vault.controlId(message.controlId);
  // The rest are named as the core names them, and `readInward` lets no other name through.
  else vault[message.do]();
}
