// @ts-check

/**
 * Every message between the page and the vault, and there are no others: `readInward` and `readOutward` let nothing else
 * through, at either end.
 *
 * Inward, from the page:
 *
 * | message                          | meaning                                                        |
 * | -------------------------------- | -------------------------------------------------------------- |
 * | `{do: "open", config, wasm}`     | first and once: load the core and open a session               |
 * | `{do: "press", digit}`           | one digit, a number from 0 to 9                                |
 * | `{do: "erase" / "clear"}`        | take the last digit back / empty the entry                     |
 * | `{do: "forget"}`                 | nobody looks: empty both entries, unless the PIN is submitted  |
 * | `{do: "confirm" / "submit"}`     | go on to the second entry / send the PIN                       |
 * | `{do: "advance"}`                | whichever of the two comes next                                |
 * | `{do: "controlId", controlId}`   | the answer to `ask`; without `controlId` if none can be had    |
 * | `{do: "canvas", canvas, color}`  | to view a PIN: where the vault draws it                        |
 * | `{do: "spell"}`                  | the customer wants the PIN shown spelt out for a screen reader |
 * | `{do: "close"}`                  | wipe, answer `{closed: true}`, and take nothing more           |
 *
 * Outward, from the vault: counts, names and codes alone; the one exception is `spell`, which the customer asks for.
 *
 * | message                          | meaning                                                        |
 * | -------------------------------- | -------------------------------------------------------------- |
 * | `{started: true}`                | the vault's script runs                                        |
 * | `{opened: true}`                 | the core is loaded, and the session open                       |
 * | `{event, …}`                     | an event of card-pin.d.ts, with its fields; a                  |
 * |                                  | `set_pin_validation_error` also says whether a `submit` was refused |
 * | `{submitting: true}`             | a submit was taken: there is no more input                     |
 * | `{advanced: true}`               | an `advance` is done, and all that it led to was told before   |
 * | `{ask: "controlId"}`             | both entries agree: a control id is needed now                 |
 * | `{spell: digit, place}`          | one digit of the PIN shown; without a digit: that was the last |
 * | `{hidden: true}`                 | the time to look at the PIN is over, and it is wiped           |
 * | `{closed: true}`                 | everything is wiped; the worker can be ended                   |
 *
 * @typedef {object} VaultConfig
 * @property {boolean} view whether the PIN is to be viewed, and not to be set
 * @property {string | undefined} controlId the token; absent if it is to be asked for
 * @property {string} tzpkUrl absolute
 * @property {string} setUrl absolute
 * @property {string} viewUrl absolute
 * @property {number} minLength
 * @property {number} maxLength
 * @property {boolean} confirm whether the PIN is entered twice
 * @property {boolean} rejectWeakPin
 * @property {number} timeoutMs for each request
 * @property {number} keySize bits of the RSA modulus: 2048, 3072 or 4096
 *
 * @typedef {{do: "open", config: VaultConfig, wasm: string | Uint8Array<ArrayBuffer>}} Open
 * @typedef {{do: "press", digit: number}} Press
 * @typedef {{do: "erase" | "clear" | "forget" | "confirm" | "advance" | "submit"}} Edit
 * @typedef {{do: "controlId", controlId?: string}} GiveControlId
 * @typedef {{do: "canvas", canvas: OffscreenCanvas | HTMLCanvasElement, color: string}} GiveCanvas
 * @typedef {{do: "spell"}} AskToSpell
 * @typedef {{do: "close"}} Close
 * @typedef {Open | Press | Edit | GiveControlId | GiveCanvas | AskToSpell | Close} Inward
 *
 * @typedef {{started: true}} Started
 * @typedef {{opened: true}} Opened
 * @typedef {{submitting: true}} Submitting
 * @typedef {{advanced: true}} Advanced
 * @typedef {{ask: "controlId"}} Ask
 * @typedef {{spell: number | undefined, place: number}} Spell
 * @typedef {{hidden: true}} Hidden
 * @typedef {{closed: true}} Closed
 * @typedef {{event: "ready"}} Ready
 * @typedef {{event: "pin_valid", pin_valid: boolean, digits: number, step: "entry" | "confirm"}} PinValid
 * @typedef {{event: "set_pin_validation_error", code: string, submit: boolean}} ValidationError
 * @typedef {{event: "set_pin_success"}} Success
 * @typedef {{event: "view_pin_success"}} Shown
 * @typedef {{event: "set_pin_error" | "view_pin_error", code: string, retryable: boolean}} Failed
 * @typedef {Ready | PinValid | ValidationError | Success | Shown | Failed} SessionEvent
 * @typedef {Started | Opened | Submitting | Advanced | Ask | Spell | Hidden | Closed | SessionEvent} Outward
 */

/** @typedef {(value: unknown) => boolean} Test */
/** @typedef {Record<string, Test>} Shape */

/**
 * Whether a value is one decimal digit. Nothing is called that a script on the page could have exchanged, to hear it.
 * @param {unknown} value
 * @returns {value is number}
 */
export const isDigit = (value) => typeof value === "number" && value >= 0 && value <= 9 && value % 1 === 0;

/** @type {Test} */
const text = (value) => typeof value === "string";
/** @type {Test} */
const flag = (value) => typeof value === "boolean";
/** @type {Test} */
const whole = (value) => Number.isSafeInteger(value) && /** @type {number} */ (value) >= 0;
/** The most digits that a PIN has. */
const MOST = 12;
/** @type {Test} */
const count = (value) => whole(value) && /** @type {number} */ (value) <= MOST;
// Said to the bundler: of the two lists below, each side's script has only the one that it reads by.
/* @__NO_SIDE_EFFECTS__ */
/** @type {(...choices: unknown[]) => Test} */
const only = (...choices) => (value) => choices.includes(value);
/* @__NO_SIDE_EFFECTS__ */
/** @type {(test: Test) => Test} */
const optional = (test) => (value) => value === undefined || test(value);
/** @type {Test} */
const canvas = (value) =>
  [globalThis.OffscreenCanvas, globalThis.HTMLCanvasElement].some((kind) => kind && value instanceof kind);

/** @type {Shape} */
const CONFIG = {
  view: flag,
  controlId: optional(text),
  tzpkUrl: text,
  setUrl: text,
  viewUrl: text,
  minLength: whole,
  maxLength: whole,
  confirm: flag,
  rejectWeakPin: flag,
  timeoutMs: whole,
  keySize: whole,
};

/** @type {Shape[]} */
const INWARD = [
  { do: only("open"), config: (value) => has(CONFIG, value), wasm: (value) => text(value) || value instanceof Uint8Array },
  { do: only("press"), digit: isDigit },
  { do: only("erase", "clear", "forget", "confirm", "advance", "submit", "spell", "close") },
  { do: only("controlId"), controlId: optional(text) },
  { do: only("canvas"), canvas, color: text },
];

/** @type {Shape[]} */
const OUTWARD = [
  { started: only(true) },
  { opened: only(true) },
  { submitting: only(true) },
  { advanced: only(true) },
  { ask: only("controlId") },
  { spell: optional(isDigit), place: count },
  { hidden: only(true) },
  { closed: only(true) },
  { event: only("ready", "set_pin_success", "view_pin_success") },
  { event: only("pin_valid"), pin_valid: flag, digits: count, step: only("entry", "confirm") },
  { event: only("set_pin_validation_error"), code: text, submit: flag },
  { event: only("set_pin_error", "view_pin_error"), code: text, retryable: flag },
];

/**
 * A field of a message's own: what scripts put on `Object.prototype` is part of no message.
 * @param {any} message
 * @param {string} name
 */
const own = (message, name) => (Object.hasOwn(message, name) ? message[name] : undefined);

/**
 * @param {Shape} shape
 * @param {unknown} value
 */
function has(shape, value) {
  return typeof value === "object" && value !== null && Object.keys(shape).every((name) => shape[name](own(value, name)));
}

/**
 * @param {Shape[]} shapes
 * @param {unknown} data
 * @returns {any} the message with its own fields and no others; `undefined` where it is none of these
 */
function read(shapes, data) {
  const shape = shapes.find((known) => has(known, data));
  if (!shape) return undefined;
  const message = Object.create(null);
  for (const name of Object.keys(shape)) message[name] = own(data, name);
  return message;
}

/** @param {unknown} data @returns {Inward | undefined} `undefined` where it is no message to the vault */
export const readInward = (data) => read(INWARD, data);

/** @param {unknown} data @returns {Outward | undefined} `undefined` where it is no message from the vault */
export const readOutward = (data) => read(OUTWARD, data);
