import "./page.js";
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { forgetWorkers, offerWorkers, workers } from "./fake-worker.js";

let copies = 0;
/** The hint about a mistake. Each call uses another copy of the module, because a copy writes each hint once. */
async function told(mistake, subject) {
  const { warn } = await import(`../hints.js?copy=${(copies += 1)}`);
  await warn(mistake, subject);
  await warn(mistake, subject);
  const texts = console.warn.mock.calls.map(({ arguments: [text] }) => text);
  console.warn.mock.resetCalls();
  assert.ok(texts.length <= 1, "it is told once");
  if (texts[0]) assert.match(texts[0], /hints="off"/);
  return texts[0];
}

const SCRIPT = { "content-type": "text/javascript" };
const HTML = { "content-type": "text/html; charset=utf-8" };
const WORKER = "https://issuer.example/pin/card-pin.worker.js?secret=4826";
const CORE = "https://issuer.example/pin/card_pin_bg.wasm";
const open = { tzpkUrl: "https://issuer.example/tzpk?secret=4826", setUrl: "https://issuer.example/set", viewUrl: "", controlId: "secret" };
const settings = () => ({ open, source: { workerUrl: WORKER, wasm: CORE, start: () => new Worker(WORKER) } });
/** Makes the network answer by address. */
const serve = (answers) => mock.method(globalThis, "fetch", async (url) => answers[url]?.() ?? Promise.reject(new TypeError("Failed to fetch")));
const answer = (body, headers, status = 200) => () => new Response(body, { headers, status });
const worker = answer("", SCRIPT);
const core = answer(Uint8Array.of(0, 0x61, 0x73, 0x6d), {});

beforeEach(() => mock.method(console, "warn", () => {}));
afterEach(() => {
  mock.restoreAll();
  forgetWorkers();
});

test("attributes that are misspelt are named, with what was meant", async () => {
  const element = document.createElement("div");
  const names = ["minlength", "min-lenght", "weakpin", "tzpk_url", "workerurl", "controlidprovider", "max-length", "class", "style", "title", "data-confirm", "is"];
  for (const name of names) element.setAttribute(name, "secret");
  const text = await told("markup", element);
  for (const part of [/minlength .*min-length/, /min-lenght .*min-length/, /weakpin .*weak-pin/, /tzpk_url .*tzpk-url/, /workerUrl is a property/, /controlIdProvider is a property/]) {
    assert.match(text, part);
  }
  assert.doesNotMatch(text, /secret|class|style|title|data-|max-length/);
});

test("attributes that only look misspelt get no hint", async () => {
  const element = document.createElement("div");
  for (const name of ["contenteditable", "keys", "settings", "view", "max", "pin", "status"]) element.setAttribute(name, "");
  assert.equal(await told("markup", element), undefined);
});

test("a hint about an invalid value lists the valid ones, and does not repeat it", async () => {
  const element = document.createElement("div");
  element.setAttribute("keypad", "secret");
  element.setAttribute("theme", "drak");
  const text = await told("markup", element);
  assert.match(text, /keypad has to be fixed, shuffled or none/);
  assert.match(text, /theme has to be light, dark or auto/);
  assert.doesNotMatch(text, /secret|drak/);
});

test("a hint about a provider names its fault and place, and none of its text", async () => {
  const thrown = await told("control_id_unavailable", new RangeError("secret"));
  assert.match(thrown, /threw RangeError at .*hints\.test\.js:\d+:\d+/);
  const given = await told("control_id_unavailable", { controlId: "secret" });
  assert.match(given, /a value of the type object.*\.controlId/);
  assert.match(await told("control_id_unavailable", undefined), /nothing, or took longer than timeout-ms/);
  assert.match(await told("control_id_unavailable", null), /gave null/);
  assert.doesNotMatch(thrown + given, /secret/);
});

test("a hint names the address of a worker's script that is missing or is something else", async () => {
  serve({ [WORKER]: answer("", HTML, 404), [CORE]: core });
  const missing = await told("vault_missing", settings());
  assert.match(missing, /https:\/\/issuer\.example\/pin\/card-pin\.worker\.js answered 404\. Copy card-pin\.worker\.js .* workerUrl/);
  assert.doesNotMatch(missing, /secret/);
  serve({ [WORKER]: answer("<!doctype html>", HTML), [CORE]: core });
  assert.match(await told("vault_missing", settings()), /is not card-pin\.worker\.js but text\/html/);
  serve({});
  assert.match(await told("vault_missing", settings()), /cannot be fetched.*CORS.*connect-src/);
});

test("so is a core", async () => {
  serve({ [WORKER]: worker, [CORE]: answer("<!doctype html>", HTML) });
  assert.match(await told("vault_missing", settings()), /card_pin_bg\.wasm is not card_pin_bg\.wasm but text\/html.*wasmUrl/);
  const scalar = CORE.replace("_bg", "_scalar_bg");
  serve({ [WORKER]: worker, [scalar]: answer("", {}, 403) });
  const text = await told("vault_missing", { ...settings(), source: { ...settings().source, wasm: scalar } });
  assert.match(text, /card_pin_scalar_bg\.wasm answered 403.*scalarWasmUrl/);
});

test("files that are all there are blocked", async () => {
  serve({ [WORKER]: worker, [CORE]: core });
  assert.match(await told("vault_missing", settings()), /which policy/);
});

test("Vite's development server has a way of its own", async () => {
  const workerUrl = "http://localhost:5173/node_modules/.vite/deps/card-pin.worker.js";
  serve({ [workerUrl]: answer("", HTML, 404) });
  assert.match(await told("vault_missing", { ...settings(), source: { ...settings().source, workerUrl } }), /optimizeDeps/);
});

test("a policy that forbids workers is named", async () => {
  offerWorkers();
  serve({ [WORKER]: worker });
  const violate = (effectiveDirective) => () => {
    queueMicrotask(() => document.dispatchEvent(Object.assign(new Event("securitypolicyviolation"), { effectiveDirective })));
    return new Worker(WORKER);
  };
  const forbidden = (directive) => ({ ...settings(), source: { ...settings().source, start: violate(directive) } });
  assert.match(await told("page", forbidden("worker-src")), /worker-src forbids it: the policy needs worker-src 'self'/);
  assert.match(await told("page", forbidden("trusted-types")), /trusted-types card-pin/);
  assert.match(await told("isolation_unavailable", forbidden("worker-src")), /^card-pin: isolation="worker" .*worker-src/);
  const elsewhere = forbidden("worker-src");
  elsewhere.source.workerUrl = "https://cdn.example/card-pin.worker.js";
  serve({ [elsewhere.source.workerUrl]: worker });
  assert.match(await told("page", elsewhere), /worker-src blob:/);
  assert.ok(workers.every(({ isTerminated }) => isTerminated), "the tried workers are ended");
});

test("a browser without workers has its own hint", async () => {
  assert.match(await told("page", settings()), /starts no workers/);
});

test("a hint about a policy that forbids WebAssembly names that of the worker", async () => {
  const policy = (text) => serve({ [WORKER]: answer("", { ...SCRIPT, "content-security-policy": text }) });
  policy("default-src 'none'; script-src 'self'");
  assert.match(await told("wasm_unavailable", settings()), /sends with https:.*worker\.js has to have script-src 'wasm-unsafe-eval'/);
  policy("script-src 'self' 'wasm-unsafe-eval'");
  assert.match(await told("wasm_unavailable", settings()), /of the page or of the worker's script/);
});

test("a hint about a server's answer contains its address, without the secrets in it", async () => {
  for (const code of ["rejected", "bad_response", "not_allowed"]) {
    const text = await told(code, settings());
    assert.match(text, /https:\/\/issuer\.example\/tzpk or https:\/\/issuer\.example\/set answered/);
    assert.doesNotMatch(text, /secret/);
  }
  assert.match(await told("outcome_unknown", settings()), /issuer\.example\/set has to answer with 200, 201 or 204/);
  assert.match(await told("rejected", { ...settings(), open: { ...open, viewUrl: "https://issuer.example/view" } }), /^card-pin: https:\/\/issuer\.example\/view answered/);
});

test("there is no hint for faults that the page cannot fix", async () => {
  assert.equal(await told("entropy_unavailable", settings()), undefined);
});
