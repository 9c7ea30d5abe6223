import assert from "node:assert/strict";
import { test } from "node:test";

test("a server can import the package, which defines nothing there", async () => {
  const { CardPin, CardPinError, PinSession } = await import("card-pin");
  assert.equal(globalThis.customElements, undefined);
  assert.equal(new CardPinError("network").code, "network");
  for (const exported of [CardPin, PinSession]) assert.equal(typeof exported, "function");
});
