import "./page.js";
import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { hint } from "../hint.js";

afterEach(() => mock.restoreAll());

test("a mistake is explained in the console, with what names it", async () => {
  const said = new Promise((resolve) => mock.method(console, "warn", resolve));
  hint(true, "control_id_missing", document.createElement("card-pin"));
  assert.match(await said, /^card-pin: .*controlIdProvider.*control_id_missing/s);
});

test("hints can be turned off", async () => {
  const said = [];
  const element = document.createElement("card-pin");
  const warned = new Promise((resolve) => mock.method(console, "warn", (text) => resolve(said.push(text))));
  element.setAttribute("minlength", "6");
  hint(false, "control_id_missing", element);
  // A later one that is wanted is said after it.
  hint(true, "markup", element);
  await warned;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(said.length, 1);
  assert.match(said[0], /markup/);
});
