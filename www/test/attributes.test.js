import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineProperties, readOptions } from "../attributes.js";
import { ATTRIBUTES, PLAIN } from "../names.js";

const kept = new WeakMap();
class Plain extends HTMLElement {
  constructor() {
    super();
    kept.set(this, {});
  }
}
const changed = [];
defineProperties(Plain, (element) => kept.get(element), (element) => changed.push(element));
customElements.define("plain-element", Plain);
const make = (attributes = {}) => {
  const element = document.createElement("plain-element");
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

test("each property reflects its attribute, both ways", () => {
  for (const [attribute, property] of Object.entries(ATTRIBUTES)) {
    const element = make();
    assert.equal(element[property], null, property);
    element[property] = 6;
    assert.equal(element.getAttribute(attribute), "6", property);
    element.setAttribute(attribute, "8");
    assert.equal(element[property], "8", property);
    for (const nothing of [null, undefined]) {
      element[property] = nothing;
      assert.equal(element.hasAttribute(attribute), false, property);
    }
  }
});

test("properties that markup must not set reflect no attribute", () => {
  for (const property of PLAIN) {
    const element = make();
    const value = {};
    element[property] = value;
    assert.equal(element[property], value, property);
    assert.deepEqual(element.getAttributeNames(), [], property);
    assert.equal(changed.pop(), element, `${property}: who keeps it is told`);
  }
});

test("attributes become options of the type that a session takes", () => {
  const attributes = { "min-length": "4", "max-length": "6", "timeout-ms": "500", "key-size": "3072", "expires-in": "300" };
  const options = readOptions(make({ ...attributes, confirm: "off", "pin-block-formats": " 1, 4 3" }), { pinRules: 1 });
  const numbers = { minLength: 4, maxLength: 6, timeoutMs: 500, keySize: 3072, expiresIn: 300 };
  assert.deepEqual({ ...options }, { ...numbers, confirm: false, pinBlockFormats: [1, 4, 3], pinRules: 1 });
});

test("attributes for the look of the pad are not options of a session", () => {
  assert.deepEqual({ ...readOptions(make({ keypad: "none", theme: "dark" }), {}) }, {});
});

test("a value that confirm does not take is named", () => {
  assert.throws(() => readOptions(make({ confirm: "yes" }), {}), /^RangeError: confirm has to be one of: on, off$/);
});
