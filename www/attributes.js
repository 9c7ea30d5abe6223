// @ts-check

/** The attributes of `<card-pin>` as options, and the properties that reflect them. */

import { ATTRIBUTES, PLAIN, PROPERTIES } from "./names.js";
import { oneOf } from "./options.js";
import { bare } from "./platform.js";

/** Attributes that only change how the pad looks. A session does not need them. */
const LOOKS = ["keypad", "theme"];

/**
 * Whether something in an element's markup looks wrong. This is only a first check: `hints.js` finds the mistake.
 * @param {Element} element
 */
export const looksWrong = (element) =>
  !/^(fixed|shuffled|none|null) (light|dark|auto|null)$/.test(`${element.getAttribute("keypad")} ${element.getAttribute("theme")}`) ||
  element.getAttributeNames().some((name) => !Object.hasOwn(ATTRIBUTES, name) && PROPERTIES.some((known) => known.startsWith(name.slice(0, 3))));

/**
 * Reads the options of a session from attributes and properties.
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
 * Defines the properties on a class of elements.
 * @param {CustomElementConstructor} element
 * @param {(element: HTMLElement) => Record<string, any>} propertiesOf returns the object that stores those that reflect no attribute
 * @param {(element: HTMLElement) => void} changed called when one of these is set
 */
export function defineProperties({ prototype }, propertiesOf, changed) {
  /** @param {string} name @param {PropertyDescriptor & ThisType<HTMLElement>} accessors */
  const define = (name, accessors) => Object.defineProperty(prototype, name, bare({ configurable: true, enumerable: true, ...accessors }));
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
  for (const name of PLAIN) {
    define(name, {
      get() {
        return propertiesOf(this)[name];
      },
      set(value) {
        propertiesOf(this)[name] = value;
        changed(this);
      },
    });
  }
}
