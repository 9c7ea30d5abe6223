import "./page.js";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { listenToKeys } from "../keyboard.js";

const page = document.body;
const pad = document.createElement("div");
const button = pad.appendChild(document.createElement("button"));
let [heard, outside, isTaken] = [[], [], true];
listenToKeys(pad, (typed, isRepeated) => (heard.push([typed, isRepeated]), isTaken));
page.append(pad);
for (const type of ["keydown", "keyup", "keypress"]) page.addEventListener(type, ({ key }) => outside.push(`${type} ${key}`));

beforeEach(() => ([heard, outside, isTaken] = [[], [], true]));

/** jsdom trusts no event of a script's. */
function send(type, key, { isTrusted = true, target = pad, ...more } = {}) {
  const impl = (object) => object[Object.getOwnPropertySymbols(object).find(({ description }) => description === "impl")];
  const event = new KeyboardEvent(type, { key, bubbles: true, composed: true, cancelable: true, ...more });
  impl(event).isTrusted = isTrusted;
  impl(target)._dispatch(impl(event));
  return event.defaultPrevented;
}

test("a key says what it asks for, digits of every script among them", () => {
  const keys = { 4: { press: 4 }, "٤": { press: 4 }, "४": { press: 4 }, Backspace: "erase", Delete: "clear", Escape: "escape", Enter: "advance" };
  for (const [key, typed] of Object.entries(keys)) {
    heard = [];
    assert.equal(send("keydown", key), true, key);
    assert.deepEqual(heard, [[typed, false]], key);
  }
  send("keydown", "4", { repeat: true });
  assert.deepEqual(heard.at(-1), [{ press: 4 }, true]);
});

test("a key that was taken triggers nothing else, down or up", () => {
  for (const key of ["4", "Escape", "Enter"]) for (const type of ["keydown", "keypress", "keyup"]) send(type, key);
  assert.deepEqual(outside, []);
});

test("a key with nothing to do stays the page's, but a digit leaves the pad in no case", () => {
  isTaken = false;
  for (const key of ["Escape", "Backspace", "4"]) {
    assert.equal(send("keydown", key), false, key);
    send("keyup", key);
  }
  assert.deepEqual(outside, ["keydown Escape", "keyup Escape", "keydown Backspace", "keyup Backspace"]);
});

test("a key that is held submits, or presses a button, once", () => {
  for (const target of [pad, button]) assert.equal(send("keydown", "Enter", { target, repeat: true }), true);
  assert.deepEqual([heard, outside], [[], []]);
});

test("other characters are reported, and the page still gets them", () => {
  assert.equal(send("keydown", "k"), false);
  assert.deepEqual([heard, outside], [[["letter", false]], ["keydown k"]]);
  heard = [];
  for (const key of ["Tab", "Shift", "F5", "ArrowUp", " "]) assert.equal(send("keydown", key), false, key);
  assert.deepEqual(heard, []);
});

test("a shortcut, an invented key, and Enter on a button are not the pad's", () => {
  for (const modifier of ["ctrlKey", "altKey", "metaKey"]) assert.equal(send("keydown", "4", { [modifier]: true }), false, modifier);
  assert.equal(send("keydown", "4", { isTrusted: false }), false);
  assert.equal(send("keydown", "Enter", { target: button }), false);
  assert.deepEqual(heard, []);
});
