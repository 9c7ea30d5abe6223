// @ts-check

/** What a session is made with: checked here, once. Messages name the option and say what it takes, never its value. */

import { CardPinError } from "./error.js";
import { absolute, bare, isSecure } from "./platform.js";

/** @import {Open} from "./protocol.d.ts" */

/**
 * @typedef {object} PinSessionOptions
 * @property {"set-pin" | "view-pin"} [operation]
 * @property {string} [controlId]
 * @property {() => string | Promise<string>} [controlIdProvider]
 * @property {string} [tzpkUrl] needed to set a PIN
 * @property {string} [setUrl] needed to set a PIN
 * @property {string} [viewUrl] needed to view one
 * @property {string} [statusUrl] where an unknown outcome is looked up
 * @property {HTMLCanvasElement} [canvas] needed to view a PIN: where it is drawn
 * @property {number} [minLength]
 * @property {number} [maxLength]
 * @property {boolean} [confirm]
 * @property {"reject" | "allow"} [weakPin]
 * @property {number} [timeoutMs]
 * @property {2048 | 3072 | 4096} [keySize]
 * @property {number[]} [pinBlockFormats] those that the server may ask for: of 0, 1, 3 and 4
 * @property {"omit" | "same-origin" | "include"} [credentials] which requests carry cookies
 * @property {Record<string, string>} [requestHeaders] more headers for the requests
 * @property {"any" | "worker"} [isolation] `worker`: fail rather than hold the PIN on the page
 * @property {string} [workerUrl]
 * @property {string} [wasmUrl]
 * @property {string} [scalarWasmUrl]
 */

/** The longest time-out, ten minutes: more is a mistake in the unit. */
const MAX_TIMEOUT_MS = 600_000;

/**
 * @param {string} name
 * @param {number} value
 * @param {number} from
 * @param {number} to
 * @returns {number}
 */
function wholeNumber(name, value, from, to) {
  if (typeof value !== "number") throw new TypeError(`${name} has to be a number, and is of type ${typeof value}`);
  if (!Number.isInteger(value) || value < from || value > to) {
    throw new RangeError(`${name} has to be a whole number from ${from} to ${to}`);
  }
  return value;
}

/**
 * @template T
 * @param {string} name
 * @param {T} value
 * @param {readonly T[]} choices
 * @returns {T}
 */
export function oneOf(name, value, choices) {
  if (!choices.includes(value)) throw new RangeError(`${name} has to be one of: ${choices.join(", ")}`);
  return value;
}

/**
 * @param {string} name
 * @param {string | undefined} value
 * @returns {string} absolute
 */
function address(name, value) {
  if (typeof value !== "string" || value === "") throw new TypeError(`${name} has to be an address`);
  const url = absolute(value);
  if (!/^https?:/.test(url)) throw new TypeError(`${name} has to be an http or https address`);
  return url;
}

/** What an option is that was not given. The one place for it: the core is always told everything. */
export const DEFAULTS = Object.freeze({
  operation: "set-pin",
  minLength: 4,
  confirm: true,
  weakPin: "reject",
  timeoutMs: 10_000,
  keySize: 2048,
  pinBlockFormats: Object.freeze([1, 4]),
  credentials: "omit",
  isolation: "any",
});

/** The longest control id, in characters: as in `src/wire.rs`. */
const MAX_CONTROL_ID = 4096;
const MAX_HEADERS = 20;

/**
 * @param {unknown} controlId
 * @returns {string}
 */
function token(controlId) {
  if (typeof controlId !== "string" || controlId === "") throw new CardPinError("control_id_missing");
  if (controlId.length > MAX_CONTROL_ID || !/^[!-~]+$/.test(controlId)) {
    throw new TypeError(`controlId has to be 1 to ${MAX_CONTROL_ID} visible ASCII characters`);
  }
  return controlId;
}

/**
 * @param {Record<string, string>} headers
 * @returns {string[]} names and values in turns
 */
function headerList(headers) {
  const entries = Object.entries(headers);
  try {
    if (entries.length > MAX_HEADERS || entries.some(([, value]) => typeof value !== "string")) throw 0;
    new Headers(entries);
  } catch {
    throw new TypeError(`requestHeaders has to be an object of at most ${MAX_HEADERS} names and values of HTTP headers`);
  }
  return entries.flat();
}

/**
 * @param {readonly number[]} formats
 * @returns {number[]}
 */
function formatList(formats) {
  const list = Array.isArray(formats) ? [...new Set(formats)] : [];
  if (list.length === 0) throw new TypeError("pinBlockFormats has to be an array of at least one of: 0, 1, 3, 4");
  return list.map((format) => oneOf("pinBlockFormats", format, [0, 1, 3, 4]));
}

/**
 * What a session is made from.
 * @typedef {object} Settings
 * @property {Open} open what the vault is told
 * @property {{workerUrl?: string, wasmUrl?: string, scalarWasmUrl?: string}} files where the vault is, if not beside this script
 * @property {boolean} mayRunOnPage whether the vault may run on the page where no worker can be started
 */

/**
 * @param {PinSessionOptions} options only its own properties count
 * @returns {Settings}
 * @throws {TypeError | RangeError | CardPinError} `control_id_missing` where there is neither a control id nor a provider
 */
export function toSettings(options) {
  if (!isSecure()) throw new TypeError("a PIN is only set on a page from https or from this device");
  const given = bare({ ...DEFAULTS, ...definedOf(options) });
  const operation = oneOf("operation", given.operation, ["set-pin", "view-pin"]);
  const views = operation === "view-pin";
  const { controlId, controlIdProvider, workerUrl, wasmUrl, scalarWasmUrl } = given;
  if (controlIdProvider !== undefined && typeof controlIdProvider !== "function") {
    throw new TypeError("controlIdProvider has to be a function that returns a promise of a control id");
  }
  if (views && !(given.canvas instanceof HTMLCanvasElement)) throw new TypeError("canvas has to be a canvas element");
  const minLength = wholeNumber("minLength", given.minLength, 4, 12);
  return {
    open: {
      operation,
      controlId: controlIdProvider ? null : token(controlId),
      tzpkUrl: views ? "" : address("tzpkUrl", given.tzpkUrl),
      setUrl: views ? "" : address("setUrl", given.setUrl),
      viewUrl: views ? address("viewUrl", given.viewUrl) : "",
      statusUrl: given.statusUrl === undefined || views ? null : address("statusUrl", given.statusUrl),
      minLength,
      maxLength: wholeNumber("maxLength", given.maxLength ?? minLength, minLength, 12),
      confirm: oneOf("confirm", given.confirm, [true, false]),
      weakPin: oneOf("weakPin", given.weakPin, ["reject", "allow"]),
      keySize: oneOf("keySize", given.keySize, [2048, 3072, 4096]),
      pinBlockFormats: formatList(given.pinBlockFormats),
      credentials: oneOf("credentials", given.credentials, ["omit", "same-origin", "include"]),
      requestHeaders: given.requestHeaders === undefined ? [] : headerList(given.requestHeaders),
      timeoutMs: wholeNumber("timeoutMs", given.timeoutMs, 1, MAX_TIMEOUT_MS),
    },
    files: bare({ workerUrl, wasmUrl, scalarWasmUrl }),
    mayRunOnPage: oneOf("isolation", given.isolation, ["any", "worker"]) === "any",
  };
}

/**
 * @param {PinSessionOptions} options
 * @returns {any} its own properties, but for those that are `undefined`
 */
const definedOf = (options) => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
