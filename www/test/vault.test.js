import assert from "node:assert/strict";
import { register } from "node:module";
import { afterEach, beforeEach, mock, test } from "node:test";
import { calls, cores, forgetCores, memory, Vault } from "./fake-core.js";

const core = new URL("./fake-core.js", import.meta.url).href;
const hooks = `
  export const resolve = (name, context, next) =>
    name === "card-pin-wasm" ? { url: ${JSON.stringify(core)}, shortCircuit: true } : next(name, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
const { makeVault } = await import("../vault.js");

const CORE = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
const OPEN = { open: { operation: "set-pin" } };

const settle = () => new Promise((resolve) => setImmediate(resolve));

function make() {
  const told = [];
  const broken = [];
  return { told, broken, receive: makeVault((message) => told.push(message), (failure) => broken.push(failure)) };
}

/** A vault whose core has been loaded. */
async function start() {
  const made = make();
  made.receive(CORE);
  await settle();
  return made;
}

/** Makes the core arrive over the network when the test says so. */
function holdBack() {
  let arrive;
  const fetched = mock.method(globalThis, "fetch", () => new Promise((resolve) => (arrive = resolve)));
  return { fetched, arrive: (body, status = 200) => arrive(new Response(body, { status })) };
}

/** Compiles in the same turn, because the time that the engine's own threads take is unknown to a test. */
const compileAtOnce = () => mock.method(WebAssembly, "compile", async (bytes) => new WebAssembly.Module(bytes));

beforeEach(compileAtOnce);

afterEach(() => {
  mock.restoreAll();
  Vault.breaksAt = undefined;
  forgetCores();
});

test("a core that came as bytes is compiled and started", async () => {
  const { told, receive } = await start();
  assert.deepEqual(calls.map(([name]) => name), ["initSync", "new Vault"]);
  assert.ok(calls[0][1] instanceof WebAssembly.Module);
  receive(OPEN);
  receive("close");
  assert.deepEqual(cores[0].heard, [OPEN, "close"]);
  cores[0].tell("ask");
  assert.deepEqual(told, ["ask"], "the core sends its own messages");
});

test("messages wait for the core in order", async () => {
  const { fetched, arrive } = holdBack();
  const { receive, told } = make();
  receive("/core.wasm");
  for (const message of [OPEN, { press: 1 }, "erase", "submit"]) receive(message);
  assert.equal(cores.length, 0);
  arrive(CORE);
  await settle();
  receive({ press: 2 });
  assert.deepEqual(cores[0].heard, [OPEN, { press: 1 }, "erase", "submit", { press: 2 }]);
  assert.equal(fetched.mock.callCount(), 1);
  assert.equal(fetched.mock.calls[0].arguments[0], "/core.wasm");
  assert.deepEqual(told, []);
});

test("before the core nothing is taken", async () => {
  const { receive } = make();
  for (const message of [OPEN, { press: 1 }, null, 7]) receive(message);
  receive(CORE);
  receive("submit");
  await settle();
  assert.deepEqual(cores[0].heard, ["submit"]);
});

test("a vault that is closed before its core is there says so once, and gives the loading up", async () => {
  const { fetched, arrive } = holdBack();
  const { receive, told } = make();
  receive("/core.wasm");
  receive(OPEN);
  const { signal } = fetched.mock.calls[0].arguments[1];
  assert.ok(!signal.aborted);
  receive("close");
  assert.ok(signal.aborted);
  receive("close");
  receive("/core.wasm");
  arrive(CORE);
  await settle();
  assert.deepEqual(told, [{ closed: { code: null } }]);
  assert.equal(fetched.mock.callCount(), 1);
  assert.deepEqual(calls, [], "the core is not started");
});

test("a vault that was never given a core can be closed, and loads none after that", () => {
  const { fetched } = holdBack();
  const { receive, told } = make();
  receive("close");
  receive("/core.wasm");
  assert.deepEqual(told, [{ closed: { code: null } }]);
  assert.equal(fetched.mock.callCount(), 0);
});

test("a core that cannot be loaded is not reported by a vault that was closed before", async () => {
  const { arrive } = holdBack();
  const { receive, told } = make();
  receive("/core.wasm");
  receive("close");
  arrive("", 404);
  await settle();
  assert.deepEqual(told, [{ closed: { code: null } }]);
});

test("a core that cannot be loaded closes the vault with the code", async () => {
  const { arrive } = holdBack();
  const { receive, told } = make();
  receive("/core.wasm");
  receive(OPEN);
  arrive("", 404);
  await settle();
  receive("close");
  assert.deepEqual(told, [{ closed: { code: "vault_missing" } }]);
  assert.deepEqual(calls, []);
});

test("a device that cannot compile the core has no WebAssembly", async () => {
  const { receive, told } = make();
  receive(CORE.slice(0, 5));
  await settle();
  assert.deepEqual(told, [{ closed: { code: "wasm_unavailable" } }]);
});

test("a core that breaks off throws to its caller, and is made again for the next session", async () => {
  const { receive } = await start();
  Vault.breaksAt = "submit";
  receive(OPEN);
  const bytes = new Uint8Array(memory.buffer).fill(4);
  assert.throws(() => receive("submit"), WebAssembly.RuntimeError);
  await settle();
  assert.ok(bytes.every((byte) => byte === 0), "nothing of it stays in the memory");
  Vault.breaksAt = undefined;
  calls.length = 0;
  await start();
  assert.deepEqual(calls.map(([name]) => name), ["reset", "new Vault"]);
  calls.length = 0;
  await start();
  assert.deepEqual(calls.map(([name]) => name), ["new Vault"], "once is enough");
});

test("a core that breaks off in a task reports it, and its memory is wiped", async () => {
  const { broken } = await start();
  const first = new Uint8Array(memory.buffer).fill(4);
  const failure = new WebAssembly.RuntimeError("unreachable");
  cores[0].breakOff(failure);
  assert.deepEqual(broken, [failure]);
  await settle();
  assert.ok(first.every((byte) => byte === 0));
  await start();
  assert.deepEqual(calls.map(([name]) => name), ["initSync", "new Vault", "reset", "new Vault"]);
  cores[1].breakOff(failure);
  await settle();
  assert.ok(new Uint8Array(memory.buffer).every((byte) => byte === 0), "the second core has a memory of its own");
  await start();
});

test("a vault of a core that broke off does not wipe the core after it", async () => {
  const [first, second] = [await start(), await start()];
  Vault.breaksAt = "submit";
  assert.throws(() => first.receive("submit"), WebAssembly.RuntimeError);
  await settle();
  const third = await start();
  const bytes = new Uint8Array(memory.buffer).fill(4);
  assert.throws(() => second.receive("submit"), WebAssembly.RuntimeError);
  await settle();
  assert.ok(bytes.every((byte) => byte === 4), "the third vault's digits are there");
  calls.length = 0;
  await start();
  assert.deepEqual(calls.map(([name]) => name), ["new Vault"], "its core is still used");
  assert.throws(() => third.receive("submit"), WebAssembly.RuntimeError);
  Vault.breaksAt = undefined;
  await settle();
  await start();
});

test("a core that breaks off at what waited for it does not do so in a promise", async () => {
  const turns = [];
  mock.method(globalThis, "queueMicrotask", (turn) => turns.push(turn));
  Vault.breaksAt = OPEN;
  const receive = makeVault(() => {});
  receive(CORE);
  receive(OPEN);
  await settle();
  assert.throws(() => turns.forEach((turn) => turn()), WebAssembly.RuntimeError);
  // The other tests of this file must not begin with a broken core.
  mock.restoreAll();
  compileAtOnce();
  Vault.breaksAt = undefined;
  await start();
  assert.ok(calls.some(([name]) => name === "reset"));
});
