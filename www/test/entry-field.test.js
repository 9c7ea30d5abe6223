import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { digitValue, makeEntryField } from "../entry-field.js";

const impl = (object) => object[Object.getOwnPropertySymbols(object).find(({ description }) => description === "impl")];

test("decimal digits of every script have their value", () => {
  // The zeros of ASCII, Arabic-Indic, Extended Arabic-Indic, Devanagari, Thai, fullwidth, and mathematical bold and monospace.
  const zeros = [0x30, 0x660, 0x6f0, 0x966, 0xe50, 0xff10, 0x1d7ce, 0x1d7f6];
  for (const zero of zeros) {
    for (let value = 0; value < 10; value += 1) assert.equal(digitValue(String.fromCodePoint(zero + value)), value, zero.toString(16));
  }
  for (const other of ["a", "²", "½", "Ⅳ", "", "12", " "]) assert.equal(digitValue(other), undefined, other);
});

function cause(field, type, fields) {
  const event = new window.InputEvent(type, { cancelable: true, bubbles: true, ...fields });
  impl(event).isTrusted = true;
  impl(field)._dispatch(impl(event));
  return event.defaultPrevented;
}

test("a typed digit is taken from the event and never becomes text", () => {
  const taken = [];
  const field = makeEntryField("title", "hint", (typed) => taken.push(typed));
  assert.ok(cause(field, "beforeinput", { inputType: "insertText", data: "4a٨" }));
  assert.ok(cause(field, "beforeinput", { inputType: "deleteContentBackward" }));
  assert.ok(cause(field, "beforeinput", { inputType: "insertFromPaste", data: "1234" }));
  assert.deepEqual(taken, [{ press: 4 }, { press: 8 }, "erase"]);
  assert.equal(field.value, "");
});

test("text that is written into it is removed", () => {
  const field = makeEntryField("title", "hint", () => assert.fail("nothing was typed"));
  for (const type of ["input", "change"]) {
    field.value = "8306";
    cause(field, type, {});
    assert.equal(field.value, "");
  }
});

test("it is a password field with a name, and without a keyboard on the screen", () => {
  const field = makeEntryField("title", "hint", () => {});
  const { type, autocomplete } = field;
  assert.deepEqual([type, field.getAttribute("inputmode"), autocomplete], ["password", "none", "one-time-code"]);
  assert.deepEqual([field.getAttribute("aria-labelledby"), field.getAttribute("aria-describedby")], ["title", "hint"]);
});

test("it is read-only while it gets the focus, and while a key is pressed with which Firefox opens a list over the pad", async () => {
  const field = makeEntryField("title", "hint", () => assert.fail("nothing was typed"));
  document.body.append(field);
  const turn = () => new Promise((resolve) => setTimeout(resolve));
  const press = (key) => field.dispatchEvent(new window.KeyboardEvent("keydown", { key }));
  field.focus();
  assert.ok(field.readOnly);
  await turn();
  for (const key of ["ArrowDown", "ArrowUp", "PageDown", "PageUp", "F4"]) {
    press(key);
    assert.ok(field.readOnly, key);
    await turn();
    assert.ok(!field.readOnly, key);
  }
  press("4");
  assert.ok(!field.readOnly, "a digit");
  field.remove();
});
