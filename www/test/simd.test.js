import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { hasSimd } from "../simd.js";

afterEach(() => mock.restoreAll());

test("the probe is valid where there is SIMD, as in Node", () => assert.equal(hasSimd(), true));

test("the engine decides", () => {
  const validate = mock.method(WebAssembly, "validate", () => false);
  assert.equal(hasSimd(), false);
  const [probe] = validate.mock.calls[0].arguments;
  assert.deepEqual([...probe.subarray(0, 8)], [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], "a module of version 1");
});

test("without WebAssembly there is none", () => {
  const { WebAssembly } = globalThis;
  try {
    delete globalThis.WebAssembly;
    assert.equal(hasSimd(), false);
  } finally {
    globalThis.WebAssembly = WebAssembly;
  }
});
