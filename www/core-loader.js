// @ts-check

/** Loads and compiles the core. It throws an error code, or the engine's own error if the engine cannot compile. */

/** The first bytes of every WebAssembly file. */
const MAGIC = [0x00, 0x61, 0x73, 0x6d];

/**
 * @param {string | Uint8Array<ArrayBuffer>} source the core's address, or its bytes
 * @param {AbortSignal} signal gives the loading up
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compileCore(source, signal) {
  if (typeof WebAssembly !== "object") throw "wasm_unavailable";
  return typeof source === "string" ? compileFrom(source, signal) : WebAssembly.compile(source);
}

/**
 * Compiles the core while it arrives. If that fails, it is compiled once more when all of it has arrived, to distinguish a bad
 * network from a device that cannot compile. The same happens if the server does not know the media type of WebAssembly.
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
  if (!bytes) throw "network";
  if (MAGIC.some((byte, at) => bytes[at] !== byte)) throw "vault_missing";
  return WebAssembly.compile(bytes);
}

/**
 * Fetches without cookies and without following a redirect: the code that handles the PIN comes from the address that the page gives.
 * @param {string} url
 * @param {AbortSignal} signal
 */
async function request(url, signal) {
  /** @type {RequestInit} without a prototype, so that a property of `Object.prototype` does not become an option */
  const options = Object.assign(Object.create(null), { credentials: "omit", redirect: "manual", signal });
  const response = await fetch(url, options).catch(() => undefined);
  if (!response) throw "network";
  if (!response.ok) throw "vault_missing";
  return response;
}

/**
 * @param {Response} response
 * @returns {Promise<Uint8Array<ArrayBuffer> | undefined>} `undefined` if it breaks off
 */
async function wholeOf(response) {
  const bytes = new Uint8Array(await response.arrayBuffer());
  // WebKitGTK treats the end of the connection as the end of the body, whatever length was announced.
  const announced = response.headers.has("content-encoding") ? 0 : Number(response.headers.get("content-length"));
  return bytes.length >= announced ? bytes : undefined;
}
