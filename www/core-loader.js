// @ts-check

/** Loads and compiles the core. What it throws is an error code, or whatever the engine throws where it cannot compile. */

/** What every WebAssembly file begins with. */
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
 * Compiles the core while it arrives. Where that fails, it is compiled once more when all of it is there, so that a bad network
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
  if (!bytes) throw "network";
  if (MAGIC.some((byte, at) => bytes[at] !== byte)) throw "vault_missing";
  return WebAssembly.compile(bytes);
}

/**
 * Without cookies, and without following a redirect: what holds the PIN comes from where the page says.
 * @param {string} url
 * @param {AbortSignal} signal
 */
async function request(url, signal) {
  /** @type {RequestInit} without a prototype, so that nothing a script put on `Object.prototype` becomes an option */
  const options = Object.assign(Object.create(null), { credentials: "omit", redirect: "manual", signal });
  const response = await fetch(url, options).catch(() => undefined);
  if (!response) throw "network";
  if (!response.ok) throw "vault_missing";
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
