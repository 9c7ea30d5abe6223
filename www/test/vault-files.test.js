import "./page.js";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { afterEach, mock, test } from "node:test";
import { vaultSource } from "../vault-files.js";
import { forgetWorkers, offerWorkers, workers } from "./fake-worker.js";

const beside = (name) => new URL(`../${name}`, import.meta.url).href;
const elsewhere = { workerUrl: "/w.js", wasmUrl: "/core.wasm", scalarWasmUrl: "/scalar.wasm" };
const withSimd = (isThere) => mock.method(WebAssembly, "validate", () => isThere);
const failure = (source) => source.load().then(() => assert.fail("it was loaded"), (error) => error);

afterEach(() => {
  mock.restoreAll();
  forgetWorkers();
  for (const name of Object.keys(Object.prototype)) delete Object.prototype[name];
});

test("the files are beside the script", () => {
  withSimd(true);
  const source = vaultSource({});
  assert.equal(source.workerUrl, beside("card-pin.worker.js"));
  assert.equal(source.wasm, beside("card_pin_bg.wasm"));
});

test("other addresses of files are relative to the document", () => {
  withSimd(true);
  const source = vaultSource(elsewhere);
  assert.equal(source.workerUrl, "https://issuer.example/w.js");
  assert.equal(source.wasm, "https://issuer.example/core.wasm");
});

test("each file can have another address", () => {
  withSimd(true);
  assert.equal(vaultSource({ workerUrl: "/w.js" }).wasm, beside("card_pin_bg.wasm"));
  assert.equal(vaultSource({ wasmUrl: "/core.wasm" }).workerUrl, beside("card-pin.worker.js"));
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

test("a bundle that does not know its own address names the addresses that it needs", async () => {
  withSimd(true);
  const text = (await readFile(new URL("../vault-files.js", import.meta.url), "utf8")).replaceAll("import.meta.url", "undefined");
  const bundled = text.replaceAll("./platform.js", beside("platform.js")).replaceAll("./simd.js", beside("simd.js"));
  const { vaultSource: inBundle } = await import(`data:text/javascript,${encodeURIComponent(bundled)}`);
  assert.equal(inBundle({ workerUrl: "/w.js", wasmUrl: "/core.wasm" }).wasm, "https://issuer.example/core.wasm");
  assert.throws(() => inBundle({ workerUrl: "/w.js" }), { name: "TypeError", message: /^wasmUrl has to be the address of a file/ });
  assert.throws(() => inBundle({ wasmUrl: "/core.wasm" }), /^TypeError: workerUrl/);
});

test("a file that a bundler has put into an address is refused at once", () => {
  withSimd(true);
  for (const name of ["workerUrl", "wasmUrl"]) {
    assert.throws(() => vaultSource({ ...elsewhere, [name]: "data:text/javascript;base64,AAAA" }), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, new RegExp(`^${name} .*card-pin/standalone`));
      return !error.message.includes("AAAA");
    });
  }
});

test("a worker of the page's own origin is started as it is", () => {
  offerWorkers();
  Object.assign(Object.prototype, { credentials: "include" });
  vaultSource(elsewhere).start();
  const [{ url, options }] = workers;
  assert.equal(url, "https://issuer.example/w.js");
  assert.equal(Object.getPrototypeOf(options), null);
  assert.deepEqual({ ...options }, { type: "module", name: "card-pin", credentials: "omit" });
});

test("a worker of another origin is started by one of the page's own", async () => {
  offerWorkers();
  vaultSource({ ...elsewhere, workerUrl: 'https://cdn.example/w"1.js' }).start();
  vaultSource({ ...elsewhere, workerUrl: "https://issuer.example.evil/w.js" }).start();
  const [first, second] = workers;
  assert.match(first.url, /^blob:/);
  assert.match(second.url, /^blob:/);
  assert.equal(await (await fetch(first.url)).text(), 'import "https://cdn.example/w%221.js"');
});

test("the worker's script makes the vault on the page, too", async () => {
  const fetched = mock.method(globalThis, "fetch", async () => assert.fail("nothing has to be explained"));
  const makeVault = await vaultSource({ workerUrl: new URL("page-vault.js", import.meta.url).href }).load();
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

test("a worker that does not start because of the network or its file has that code", async () => {
  const codes = [];
  for (const answer of [async () => Promise.reject(new TypeError()), async () => new Response("", { status: 404 }), async () => new Response("")]) {
    mock.method(globalThis, "fetch", answer);
    codes.push(await vaultSource(elsewhere).explain());
  }
  assert.deepEqual(codes, ["network", "vault_missing", undefined]);
});
