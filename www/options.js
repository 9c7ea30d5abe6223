// @ts-check

/** Checks the options of a session, once. Messages name the option and its allowed values, never its value. */

import { vaultSource } from "card-pin-vault";
import { CardPinError } from "./error.js";
import { absolute, bare, isSecure } from "./platform.js";

/** @import {Open} from "./protocol.d.ts" */
/** @import {VaultSource} from "./vault-files.js" */

/**
 * @typedef {object} PinSessionOptions
 * @property {"set-pin" | "view-pin"} [operation]
 * @property {string} [controlId]
 * @property {number} [expiresIn] how many seconds from now a given control id is valid
 * @property {() => string | Promise<string>} [controlIdProvider]
 * @property {string} [tzpkUrl] needed to set a PIN
 * @property {string} [setUrl] needed to set a PIN
 * @property {string} [viewUrl] needed to view a PIN
 * @property {string} [statusUrl] where an unknown outcome is looked up
 * @property {HTMLCanvasElement} [canvas] the canvas on which a PIN is drawn; needed to view a PIN, and to suggest one
 * @property {number} [minLength]
 * @property {number} [maxLength]
 * @property {boolean} [confirm]
 * @property {"reject" | "allow"} [weakPin]
 * @property {PinRules} [pinRules]
 * @property {number} [timeoutMs]
 * @property {2048 | 3072 | 4096} [keySize]
 * @property {number[]} [pinBlockFormats] those that the server may ask for: of 0, 1, 3 and 4
 * @property {"omit" | "same-origin" | "include"} [credentials] which requests carry cookies
 * @property {Record<string, string>} [requestHeaders] more headers for the requests
 * @property {"any" | "worker"} [isolation] `worker`: fail rather than hold the PIN on the page
 * @property {"on" | "off"} [hints] whether mistakes of the page are explained in the console
 * @property {string} [workerUrl]
 * @property {string} [wasmUrl]
 * @property {string} [scalarWasmUrl]
 */

/**
 * Facts that the issuer knows about this customer, of which no PIN may be made. They go to the vault, and never come back.
 * @typedef {object} PinRules
 * @property {string} [birthDate] `YYYY-MM-DD`
 * @property {string} [phone]
 * @property {string[]} [accounts] account numbers
 */

/** The longest time-out, ten minutes: more is a mistake in the unit. */
const MAX_TIMEOUT_MS = 600_000;

/**
 * @param {string} name
 * @param {string} what it has to be
 * @param {TypeErrorConstructor | RangeErrorConstructor} [Kind]
 * @returns {never}
 */
function refuse(name, what, Kind = TypeError) {
  throw new Kind(`${name} has to be ${what}`);
}

/**
 * @param {string} name
 * @param {number} value
 * @param {number} from
 * @param {number} to
 * @returns {number}
 */
function wholeNumber(name, value, from, to) {
  const isRight = Number.isInteger(value) && value >= from && value <= to;
  return isRight ? value : refuse(name, `a whole number from ${from} to ${to}`, typeof value === "number" ? RangeError : TypeError);
}

/**
 * @template T
 * @param {string} name
 * @param {T} value
 * @param {readonly T[]} choices
 * @returns {T}
 */
export const oneOf = (name, value, choices) =>
  choices.includes(value) ? value : refuse(name, `one of: ${choices.join(", ")}`, RangeError);

/**
 * @param {string} name
 * @param {string | undefined} value
 * @returns {string} absolute
 */
function address(name, value) {
  const url = typeof value === "string" && value !== "" ? absolute(value) : "";
  return /^https?:/.test(url) ? url : refuse(name, "an http or https address");
}

/** The defaults of the options. They are only here: the core always gets every option. */
export const DEFAULTS = {
  operation: "set-pin",
  minLength: 4,
  confirm: true,
  weakPin: "reject",
  timeoutMs: 10_000,
  keySize: 2048,
  pinBlockFormats: [1, 4],
  credentials: "omit",
  isolation: "any",
  hints: "on",
};

/** The longest that a control id can be valid, in seconds: a day. More is a mistake in the unit. */
const MAX_EXPIRES_IN = 86_400;
/** The longest control id, in characters: as in `src/wire.rs`. */
const MAX_CONTROL_ID = 4096;
const MAX_HEADERS = 20;

/**
 * @param {unknown} controlId
 * @returns {string}
 */
function token(controlId) {
  if (controlId === undefined || controlId === null || controlId === "") throw new CardPinError("control_id_missing");
  const isRight = typeof controlId === "string" && controlId.length <= MAX_CONTROL_ID && /^[!-~]+$/.test(controlId);
  return isRight ? controlId : refuse("controlId", `a string of 1 to ${MAX_CONTROL_ID} visible ASCII characters`);
}

/** Whether a value is a plain object. The content of a map, a list or a `Headers` would be ignored. @param {unknown} value */
const isPlain = (value) => Object.prototype.toString.call(value) === "[object Object]";

/**
 * @param {Record<string, string>} headers
 * @returns {string[]} names and values in turns
 */
function headerList(headers) {
  const entries = isPlain(headers) ? Object.entries(headers) : [];
  try {
    if (!isPlain(headers) || entries.length > MAX_HEADERS || entries.some(([, value]) => typeof value !== "string")) throw 0;
    new Headers(entries);
  } catch {
    refuse("requestHeaders", `an object of at most ${MAX_HEADERS} HTTP headers`);
  }
  return entries.flat();
}

/** The least number of digits of a PIN: a shorter number forbids no PIN. */
const MIN_DIGITS = 4;
/** The longest number, in digits, as in `src/weak_pin/personal.rs`. */
const MAX_NUMBER = 34;
const MAX_ACCOUNTS = 10;

/**
 * @param {string} name
 * @param {unknown} number may have signs between its digits
 * @returns {string[]} its digits, in parts if there are letters between them
 */
function digitsOf(name, number) {
  const characters = typeof number === "string" && /^[\w+()./ -]+$/.test(number) ? number.replace(/[^0-9a-z]/gi, "") : "";
  const parts = characters.length <= MAX_NUMBER ? characters.match(/[0-9]+/g) : null;
  if (parts?.some((part) => part.length >= MIN_DIGITS)) return parts;
  return refuse(name, `a string with ${MIN_DIGITS} to ${MAX_NUMBER} digits`);
}

/**
 * @param {string} date
 * @returns {string} its digits
 */
function dateDigits(date) {
  const isDate = typeof date === "string" && /^\d{4}-\d\d-\d\d$/.test(date) && !Number.isNaN(Date.parse(date));
  if (!isDate || new Date(date).toISOString().slice(0, date.length) !== date) {
    refuse("pinRules.birthDate", "a date in the form YYYY-MM-DD");
  }
  return date.replaceAll("-", "");
}

/**
 * @param {PinRules} rules
 * @returns {Pick<Open, "birthDate" | "knownNumbers">}
 */
function customerRules(rules) {
  const names = isPlain(rules) ? Object.keys(rules) : ["none"];
  // A misspelt name would leave the customer without the rule, unnoticed.
  if (!names.every((name) => ["birthDate", "phone", "accounts"].includes(name))) {
    refuse("pinRules", "an object with some of: birthDate, phone, accounts");
  }
  const { birthDate, phone, accounts = [] } = bare(rules);
  if (!Array.isArray(accounts) || accounts.length > MAX_ACCOUNTS) {
    refuse("pinRules.accounts", `an array of at most ${MAX_ACCOUNTS} strings`);
  }
  const phoneDigits = phone === undefined ? [] : digitsOf("pinRules.phone", phone);
  return {
    birthDate: birthDate === undefined ? null : dateDigits(birthDate),
    knownNumbers: [...phoneDigits, ...accounts.flatMap((account) => digitsOf("each of pinRules.accounts", account))],
  };
}

/**
 * @param {readonly number[]} formats
 * @returns {number[]}
 */
function formatList(formats) {
  const list = Array.isArray(formats) ? [...new Set(formats)] : [];
  if (list.length === 0) refuse("pinBlockFormats", "an array of at least one of: 0, 1, 3, 4");
  return list.map((format) => oneOf("pinBlockFormats", format, [0, 1, 3, 4]));
}

/**
 * The checked settings of a session.
 * @typedef {object} Settings
 * @property {Open} open the message that opens the vault
 * @property {VaultSource} source where the vault is
 * @property {number | undefined} expiresInMs how long the control id is valid, if that is known
 * @property {boolean} mayRunOnPage whether the vault may run on the page if no worker can be started
 * @property {boolean} hints whether mistakes of the page are explained in the console
 */

/**
 * @param {PinSessionOptions} options only its own properties count
 * @returns {Settings}
 * @throws {TypeError | RangeError | CardPinError} `control_id_missing` if there is neither a control id nor a provider
 */
export function toSettings(options) {
  if (!isSecure()) refuse("the page", "from https or from this device");
  const given = bare({ ...DEFAULTS, ...definedOf(options) });
  const operation = oneOf("operation", given.operation, ["set-pin", "view-pin"]);
  const views = operation === "view-pin";
  const { controlId, controlIdProvider } = given;
  if (controlIdProvider !== undefined && typeof controlIdProvider !== "function") {
    refuse("controlIdProvider", "a function that returns a promise of a control id");
  }
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
      ...customerRules(views || given.pinRules === undefined ? {} : given.pinRules),
      keySize: oneOf("keySize", given.keySize, [2048, 3072, 4096]),
      pinBlockFormats: formatList(given.pinBlockFormats),
      credentials: oneOf("credentials", given.credentials, ["omit", "same-origin", "include"]),
      requestHeaders: given.requestHeaders === undefined ? [] : headerList(given.requestHeaders),
      timeoutMs: wholeNumber("timeoutMs", given.timeoutMs, 1, MAX_TIMEOUT_MS),
    },
    source: vaultSource(given),
    // A provider is asked for a new one.
    expiresInMs:
      given.expiresIn === undefined || controlIdProvider ? undefined : 1000 * wholeNumber("expiresIn", given.expiresIn, 1, MAX_EXPIRES_IN),
    mayRunOnPage: oneOf("isolation", given.isolation, ["any", "worker"]) === "any",
    hints: oneOf("hints", given.hints, ["on", "off"]) === "on",
  };
}

/**
 * A PIN can only be viewed on a canvas. To set one, it is only needed for suggestions.
 * @param {PinSessionOptions} options
 * @throws {TypeError}
 */
export function checkCanvas({ operation, canvas }) {
  const isNeeded = operation === "view-pin" || (canvas !== undefined && canvas !== null);
  if (isNeeded && !(canvas instanceof HTMLCanvasElement)) refuse("canvas", "a canvas element");
}

/**
 * @param {PinSessionOptions} options
 * @returns {any} its own properties, except those that are `undefined`
 */
const definedOf = (options) => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
