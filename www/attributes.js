// @ts-check

/** The attributes of `<card-pin>`, the properties that reflect them, and those that reflect none. */

import { oneOf } from "./options.js";
import { bare } from "./platform.js";

/** @type {Readonly<Record<string, string>>} */
export const ATTRIBUTES = Object.freeze({
  operation: "operation",
  "control-id": "controlId",
  "expires-in": "expiresIn",
  "tzpk-url": "tzpkUrl",
  "set-url": "setUrl",
  "view-url": "viewUrl",
  "status-url": "statusUrl",
  "min-length": "minLength",
  "max-length": "maxLength",
  confirm: "confirm",
  "weak-pin": "weakPin",
  keypad: "keypad",
  theme: "theme",
  "timeout-ms": "timeoutMs",
  "key-size": "keySize",
  "pin-block-formats": "pinBlockFormats",
  credentials: "credentials",
  isolation: "isolation",
});

/** Attributes that only change how the pad looks. A session does not need them. */
const LOOKS = ["keypad", "theme"];

/**
 * Properties that reflect no attribute. The addresses of scripts are among them, since markup must not be able to name those.
 */
export const PROPERTIES = ["workerUrl", "wasmUrl", "scalarWasmUrl", "requestHeaders", "pinRules"];

/**
 * The options of a session, as attributes and properties give them.
 * @param {Element} element
 * @param {Record<string, any>} properties
 * @returns {Record<string, any>}
 */
export function readOptions(element, properties) {
  /** @type {Record<string, any>} */
  const options = bare({ ...properties });
  for (const [attribute, option] of Object.entries(ATTRIBUTES)) {
    const value = element.getAttribute(attribute);
    if (value !== null && !LOOKS.includes(option)) options[option] = value;
  }
  for (const option of ["expiresIn", "minLength", "maxLength", "timeoutMs", "keySize"]) {
    if (option in options) options[option] = Number(options[option]);
  }
  if ("confirm" in options) options.confirm = oneOf("confirm", options.confirm, ["on", "off"]) === "on";
  if ("pinBlockFormats" in options) options.pinBlockFormats = options.pinBlockFormats.split(/[\s,]+/).filter(Boolean).map(Number);
  return options;
}

/**
 * Gives a class of elements the properties.
 * @param {CustomElementConstructor} element
 * @param {(element: HTMLElement) => Record<string, any>} propertiesOf where those that reflect no attribute are kept
 */
export function defineProperties({ prototype }, propertiesOf) {
  /** @param {string} name @param {PropertyDescriptor & ThisType<HTMLElement>} accessors */
  const define = (name, accessors) => Object.defineProperty(prototype, name, { configurable: true, enumerable: true, ...accessors });
  for (const [attribute, property] of Object.entries(ATTRIBUTES)) {
    define(property, {
      get() {
        return this.getAttribute(attribute);
      },
      set(value) {
        if (value === null || value === undefined) this.removeAttribute(attribute);
        else this.setAttribute(attribute, String(value));
      },
    });
  }
  for (const name of PROPERTIES) {
    define(name, {
      get() {
        return propertiesOf(this)[name];
      },
      set(value) {
        propertiesOf(this)[name] = value;
      },
    });
  }
}
