import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { vaultSource } from "../vault-files.js";

const beside = (name) => new URL(`../${name}`, import.meta.url).href;
const elsewhere = { workerUrl: "/w.js", wasmUrl: "/core.wasm", scalarWasmUrl: "/scalar.wasm" };
const withSimd = (isThere) => mock.method(WebAssembly, "validate", () => isThere);
const failure = (source) => source.load().then(() => assert.fail("it was loaded"), (error) => error);

afterEach(() => {
  mock.restoreAll();
  for (const name of Object.keys(Object.prototype)) delete Object.prototype[name];
});

test("the files are beside the script", () => {
  withSimd(true);
  const source = vaultSource({});
  assert.equal(source.workerUrl(), beside("card-pin.worker.js"));
  assert.equal(source.workerType, "module");
  assert.equal(source.wasm, beside("card_pin_bg.wasm"));
});

test("files that are elsewhere are relative to the document", () => {
  withSimd(true);
  const source = vaultSource(elsewhere);
  assert.equal(source.workerUrl(), "https://issuer.example/w.js");
  assert.equal(source.wasm, "https://issuer.example/core.wasm");
});

test("each file can be elsewhere by itself", () => {
  withSimd(true);
  assert.equal(vaultSource({ workerUrl: "/w.js" }).wasm, beside("card_pin_bg.wasm"));
  assert.equal(vaultSource({ wasmUrl: "/core.wasm" }).workerUrl(), beside("card-pin.worker.js"));
});

test("a device without SIMD has a core of its own", () => {
  withSimd(false);
  assert.equal(vaultSource({}).wasm, beside("card_pin_scalar_bg.wasm"));
  assert.equal(vaultSource(elsewhere).wasm, "https://issuer.example/scalar.wasm");
  assert.equal(vaultSource({ wasmUrl: "/core.wasm" }).wasm, beside("card_pin_scalar_bg.wasm"), "it cannot run the other");
});

test("this engine has SIMD", () => {
  assert.equal(vaultSource({}).wasm, beside("card_pin_bg.wasm"));
});

test("the worker's script makes the vault on the page, too", async () => {
  const fetched = mock.method(globalThis, "fetch", async () => assert.fail("nothing has to be explained"));
  const { makeVault } = await vaultSource({ workerUrl: "data:text/javascript,export const makeVault = () => 'a vault'" }).load();
  assert.equal(makeVault(), "a vault");
  assert.equal(fetched.mock.callCount(), 0);
});

test("a script that is there and cannot be imported is missing", async () => {
  const fetched = mock.method(globalThis, "fetch", async () => new Response("", { status: 404 }));
  Object.assign(Object.prototype, { headers: { "x-evil": "1" } });
  assert.equal(await failure(vaultSource(elsewhere)), "vault_missing");
  const [url, options] = fetched.mock.calls[0].arguments;
  assert.equal(url, "https://issuer.example/w.js");
  assert.equal(Object.getPrototypeOf(options), null);
  assert.deepEqual({ ...options }, { credentials: "omit" });
});

test("a script that does not arrive, or breaks off, is the network's fault", async () => {
  const cut = new ReadableStream({ pull: (controller) => controller.error(new TypeError("terminated")) });
  for (const answer of [() => Promise.reject(new TypeError("Failed to fetch")), async () => new Response(cut)]) {
    mock.method(globalThis, "fetch", answer);
    assert.equal(await failure(vaultSource(elsewhere)), "network");
  }
});
