import "./page.js";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, mock, test } from "node:test";
import { vaultSource } from "../vault-checked.js";
import { VaultHost } from "../vault-host.js";
import { forgetWorkers, offerWorkers, workers } from "./fake-worker.js";

const FILES = { "card-pin.worker.js": "the worker", "card_pin_bg.wasm": "\0asm with SIMD", "card_pin_scalar_bg.wasm": "\0asm without" };
const elsewhere = { workerUrl: "/w/card-pin.worker.js?secret", wasmUrl: "/w/card_pin_bg.wasm", scalarWasmUrl: "/w/card_pin_scalar_bg.wasm" };
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** What the server delivers. */
let delivered;
/** Every request, with its options. */
let asked;

for (const [name, text] of Object.entries(FILES)) {
  globalThis.cardPinSums[name] = `sha384-${createHash("sha384").update(text).digest("base64")}`;
}

beforeEach(() => {
  delivered = { ...FILES };
  asked = [];
  mock.method(globalThis, "fetch", async (url, options) => {
    asked.push({ url, options });
    const file = delivered[new URL(url).pathname.split("/").pop()];
    if (file === undefined) throw new TypeError("there is no network");
    return typeof file === "number" ? new Response("", { status: file }) : new Response(file);
  });
});

afterEach(() => {
  mock.restoreAll();
  forgetWorkers();
  delete globalThis[Symbol.for("card-pin.vault")];
});

/** A session's host, and its calls to its listener. */
async function host({ simd = true, mayRunOnPage = true } = {}) {
  mock.method(WebAssembly, "validate", () => simd);
  const source = vaultSource(elsewhere);
  const told = [];
  const heard = new Promise((resolve) => {
    const note = (what) => (...args) => {
      told.push([what, ...args]);
      resolve();
    };
    const listener = { told: note("told"), restarted: note("restarted"), lost: note("lost"), failed: note("failed") };
    new VaultHost({ source, open: {}, mayRunOnPage, hints: false }, undefined, listener);
  });
  return { source, told, heard };
}

const started = async () => {
  while (workers.length === 0) await settle();
  return workers[0];
};

const bytes = (text) => new Uint8Array(Buffer.from(text));

// This test is the first, because the worker's script is kept once it was right.
for (const mayRunOnPage of [true, false]) {
  for (const [name, text] of Object.entries(FILES)) {
    test(`a changed byte of ${name} ends the session${mayRunOnPage ? "" : ", also where only a worker will do"}`, async () => {
      offerWorkers();
      delivered[name] = `${text.slice(0, -1)}!`;
      const { source, told, heard } = await host({ simd: name !== "card_pin_scalar_bg.wasm", mayRunOnPage });
      await heard;
      assert.deepEqual(JSON.parse(JSON.stringify(told)), [["told", { closed: { code: "vault_missing" } }]]);
      assert.equal(workers.length, 0, "nothing of it may run");
      assert.match(source.problem(), new RegExp(`^https://issuer\\.example/w/${name.replace(".", "\\.")} is not the `));
      assert.ok(!source.problem().includes("secret"));
    });
  }
}

test("a network that is down and a missing file have different codes", async () => {
  offerWorkers();
  for (const [answer, code] of [[undefined, "network"], [404, "vault_missing"]]) {
    delivered["card_pin_bg.wasm"] = answer;
    const { source, told, heard } = await host();
    await heard;
    assert.equal(told[0][1].closed.code, code);
    assert.equal(source.problem(), undefined);
  }
});

test("a changed file does not come onto the page, either", async () => {
  delivered["card-pin.worker.js"] = "another worker";
  globalThis.importAsIs = () => assert.fail("it ran");
  await assert.rejects(vaultSource(elsewhere).load(), (code) => code === "vault_missing");
});

test("a worker runs what was checked, and gets the core that was checked", async () => {
  offerWorkers();
  await host();
  const worker = await started();
  assert.match(worker.url, /^blob:/);
  assert.deepEqual({ ...worker.options }, { type: "module", name: "card-pin", credentials: "omit" });
  assert.deepEqual(worker.heard, [bytes(FILES["card_pin_bg.wasm"]), { open: {} }]);
  for (const { options } of asked) assert.deepEqual({ ...options }, { credentials: "omit", redirect: "manual" });
});

test("a vault on the page is what was checked, too", async () => {
  const heard = [];
  globalThis.importAsIs = async (url) => {
    assert.match(url, /^blob:/);
    globalThis[Symbol.for("card-pin.vault")] = () => (message) => heard.push(message);
  };
  await host();
  while (heard.length < 2) await settle();
  assert.deepEqual(heard, [bytes(FILES["card_pin_bg.wasm"]), { open: {} }]);
});

test("a session that is ended before its files are there starts nothing", async () => {
  offerWorkers();
  mock.method(WebAssembly, "validate", () => true);
  const worker = vaultSource(elsewhere).start();
  worker.terminate();
  for (let turn = 0; turn < 20; turn += 1) await settle();
  assert.equal(workers.length, 0);
});

test("a worker that a policy forbids fails like any other", async () => {
  mock.method(WebAssembly, "validate", () => true);
  globalThis.Worker = class {
    constructor() {
      throw new Error("forbidden");
    }
  };
  const worker = vaultSource(elsewhere).start();
  const failed = new Promise((resolve) => (worker.onerror = resolve));
  worker.postMessage("https://issuer.example/w/card_pin_bg.wasm");
  assert.ok((await failed).cancelable);
});
