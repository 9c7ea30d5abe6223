// @ts-check

/** What a session is made with: checked here, once. Messages name the option and say what it takes, never its value. */

import { CardPinError } from "./error.js";

/**
 * @typedef {object} PinSessionOptions
 * @property {"set-pin" | "view-pin"} [operation]
 * @property {string} [controlId]
 * @property {() => string | Promise<string>} [controlIdProvider]
 * @property {string} [tzpkUrl] needed to set a PIN
 * @property {string} [setUrl] needed to set a PIN
 * @property {string} [viewUrl] needed to view one
 * @property {HTMLCanvasElement} [canvas] needed to view a PIN: where it is drawn
 * @property {number} [minLength]
 * @property {number} [maxLength]
 * @property {boolean} [confirm]
 * @property {"reject" | "allow"} [weakPin]
 * @property {number} [timeoutMs]
 * @property {2048 | 3072 | 4096} [keySize]
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
  const link = document.createElement("a");
  link.href = value;
  if (link.protocol !== "https:" && link.protocol !== "http:") {
    throw new TypeError(`${name} has to be an http or https address`);
  }
  return link.href;
}

/**
 * The options that were really given. Nothing that a script, or a careless merge of JSON, put on `Object.prototype` becomes
 * one: a `workerUrl` there would be handed every digit.
 * @param {PinSessionOptions} options
 * @returns {PinSessionOptions} its own properties, without a prototype
 */
export const given = (options) => Object.assign(Object.create(null), options);

/**
 * @param {PinSessionOptions} options
 * @returns {import("./protocol.js").VaultConfig}
 * @throws {TypeError | RangeError | CardPinError} `control_id_missing` where there is neither a control id nor a provider
 */
export function toVaultConfig(options) {
  const view = oneOf("operation", options.operation ?? "set-pin", ["set-pin", "view-pin"]) === "view-pin";
  const { controlId, controlIdProvider } = options;
  if (controlIdProvider !== undefined && typeof controlIdProvider !== "function") {
    throw new TypeError("controlIdProvider has to be a function that returns a promise of a control id");
  }
  if (!controlIdProvider && (typeof controlId !== "string" || controlId === "")) {
    throw new CardPinError("control_id_missing");
  }
  if (view && !(options.canvas instanceof HTMLCanvasElement)) throw new TypeError("canvas has to be a canvas element");
  const minLength = wholeNumber("minLength", options.minLength ?? 4, 4, 12);
  return {
    controlId: controlIdProvider ? undefined : controlId,
    view,
    tzpkUrl: view ? "" : address("tzpkUrl", options.tzpkUrl),
    setUrl: view ? "" : address("setUrl", options.setUrl),
    viewUrl: view ? address("viewUrl", options.viewUrl) : "",
    minLength,
    maxLength: wholeNumber("maxLength", options.maxLength ?? Math.max(minLength, 4), minLength, 12),
    confirm: oneOf("confirm", options.confirm ?? true, [true, false]),
    rejectWeakPin: oneOf("weakPin", options.weakPin ?? "reject", ["reject", "allow"]) === "reject",
    timeoutMs: wholeNumber("timeoutMs", options.timeoutMs ?? 10_000, 1, MAX_TIMEOUT_MS),
    keySize: oneOf("keySize", options.keySize ?? 2048, [2048, 3072, 4096]),
  };
}
