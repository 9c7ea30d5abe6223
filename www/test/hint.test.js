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

test("who wants no hints gets none", async () => {
  const warn = mock.method(console, "warn", () => {});
  hint(false, "control_id_missing", document.createElement("card-pin"));
  await import("../hints.js");
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(warn.mock.callCount(), 0);
});
