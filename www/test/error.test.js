import assert from "node:assert/strict";
import { test } from "node:test";
import { CardPinError } from "../error.js";

test("an error has a name, a code and a sentence", () => {
  const error = new CardPinError("network", false);
  assert.ok(error instanceof Error);
  assert.equal(error.name, "CardPinError");
  assert.equal(error.code, "network");
  assert.equal(error.retryable, false);
  assert.match(error.message, /^The PIN session .*"network"\.$/);
  assert.match(String(error), /^CardPinError: /);
});

test("an error says that trying again may help, unless it is told otherwise", () => {
  assert.equal(new CardPinError("closed").retryable, true);
  assert.equal(new CardPinError("closed", true).retryable, true);
});

test("an error holds no data besides", () => {
  const own = Object.keys(new CardPinError("closed"));
  assert.deepEqual(own.sort(), ["code", "name", "retryable"]);
});
