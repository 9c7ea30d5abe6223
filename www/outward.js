// @ts-check

/**
 * Checks messages from the vault: they need exactly the shapes of `protocol.d.ts`, and only the message's own fields count. A
 * property that a script put on `Object.prototype` is not part of a message.
 */

import { bare } from "./platform.js";

/** @import {End, Outward, Snapshot} from "./protocol.d.ts" */

/** @typedef {(value: unknown) => boolean} Test */
/** @typedef {{[name: string]: Test | Shape}} Shape */
/**
 * A shape with the fields of a type, and no others: a field that the protocol gains or loses is an error here.
 * @template T
 * @typedef {{[Name in keyof T]: Test | Shape}} ShapeOf
 */

/**
 * Whether a value is one decimal digit. It calls no function that a script on the page could have replaced to hear the digit.
 * @param {unknown} value
 * @returns {value is number}
 */
export const isDigit = (value) => typeof value === "number" && value >= 0 && value <= 9 && value % 1 === 0;

/** @type {Test} */
const flag = (value) => typeof value === "boolean";
/** @type {Test} */
const count = (value) => Number.isSafeInteger(value) && /** @type {number} */ (value) >= 0;
/** @type {Test} */
const digits = (value) => count(value) && /** @type {number} */ (value) <= 12;
/** @type {(...choices: unknown[]) => Test} */
const only = (...choices) => (value) => choices.includes(value);
/** @type {(test: Test) => Test} */
const orNull = (test) => (value) => value === null || test(value);
/** @type {Test} */
const code = (value) => typeof value === "string" && /^[a-z_]{1,40}$/.test(value);

/** @satisfies {ShapeOf<End>} */
const END = { code: orNull(code), retryable: flag };

/** @satisfies {ShapeOf<Snapshot>} */
const SNAPSHOT = {
  stage: only("entry", "submitting", "arrived", "shown", "ended"),
  ready: flag,
  step: only("entry", "confirm"),
  digits,
  valid: flag,
  refusals: count,
  refused: orNull(code),
  reason: orNull(only("run", "repeat", "year", "pattern", "common", "personal")),
  waitsSeconds: orNull(count),
  requested: flag,
  sent: flag,
  checking: flag,
  suggested: flag,
  end: orNull((value) => read(END, value) !== undefined),
};

/** @type {Record<string, Shape>} */
const SHAPES = {
  state: { taken: count, session: SNAPSHOT },
  spell: { digit: orNull(isDigit), place: digits },
  closed: { code: orNull(code) },
};

/**
 * @param {Shape} shape
 * @param {any} value
 * @returns {any} a copy without a prototype; `undefined` if it is anything else
 */
function read(shape, value) {
  if (typeof value !== "object" || value === null) return undefined;
  const names = Object.keys(shape);
  if (Object.keys(value).length !== names.length) return undefined;
  const copy = /** @type {any} */ (bare({}));
  for (const name of names) {
    if (!Object.hasOwn(value, name)) return undefined;
    const test = shape[name];
    if (typeof test === "function") {
      if (!test(value[name])) return undefined;
      copy[name] = value[name];
    } else {
      copy[name] = read(test, value[name]);
      if (!copy[name]) return undefined;
    }
  }
  if (copy.end) copy.end = read(END, copy.end);
  return copy;
}

/** @param {any} data @returns {Outward | undefined} `undefined` if it is not a message from the vault */
export function readOutward(data) {
  if (data === "ask") return data;
  if (typeof data !== "object" || data === null) return undefined;
  const [name, ...others] = Object.keys(data);
  if (others.length > 0 || name === undefined || !Object.hasOwn(SHAPES, name)) return undefined;
  const content = read(SHAPES[name], data[name]);
  return content && bare({ [name]: content });
}
