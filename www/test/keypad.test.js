import "./page.js";
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Keypad, keyOf } from "../keypad.js";

const keysOf = ({ element }) => [...element.querySelectorAll("button")];
const names = (keypad) => keysOf(keypad).map(keyOf);

test("the keys stand as on a card terminal, each named by what it enters", () => {
  const keypad = new Keypad("fixed");
  assert.deepEqual(names(keypad), [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, "erase"]);
  assert.equal(keypad.element.children[9].localName, "span", "an empty place");
  assert.deepEqual(keysOf(keypad).slice(0, 10).map(({ textContent }) => Number(textContent)), names(keypad).slice(0, 10));
  assert.ok(keysOf(keypad).every(({ type }) => type === "button"), "none submits a form");
});

test("shuffled, each digit is there once, in the order that the random numbers give", () => {
  mock.method(crypto, "getRandomValues", (numbers) => numbers.fill(0));
  assert.deepEqual(names(new Keypad("shuffled")), [2, 3, 4, 5, 6, 7, 8, 9, 0, 1, "erase"]);
  mock.restoreAll();
  for (let time = 0; time < 20; time += 1) {
    assert.deepEqual(names(new Keypad("shuffled")).slice(0, 10).sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }
});

test("a failing source of random numbers is reported, and the keys are not shown in their usual order", () => {
  mock.method(crypto, "getRandomValues", () => {
    throw new Error("no randomness");
  });
  assert.throws(() => new Keypad("shuffled"), /no randomness/);
  mock.restoreAll();
});

test("keys that are off cannot be pressed, and erase has a name", () => {
  const keypad = new Keypad("fixed");
  for (const isEnabled of [true, false]) {
    keypad.render(isEnabled, "Löschen");
    assert.ok(keysOf(keypad).every(({ disabled }) => disabled === !isEnabled));
  }
  assert.equal(keysOf(keypad).at(-1).getAttribute("aria-label"), "Löschen");
});

test("other buttons are not keys", () => {
  for (const name of ["", "submit", "secondary", "12"]) {
    const button = document.createElement("button");
    button.dataset.key = name;
    assert.equal(keyOf(button), undefined, name);
  }
});
