import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { compileCore } from "../core-loader.js";

const CORE = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
const BROKEN = Uint8Array.of(...CORE.slice(0, 4), 0x09, 0x09, 0x09, 0x09);
const WASM = { "content-type": "application/wasm" };
const OCTETS = { "content-type": "application/octet-stream" };
const { WebAssembly } = globalThis;

/** Makes the network give these answers, one after the other. Each is a function that makes an answer, or throws. */
function serve(...answers) {
  return mock.method(globalThis, "fetch", async () => {
    assert.ok(answers.length > 0, "one request too many");
    return answers.shift()();
  });
}
const answer = (body, headers = OCTETS, status = 200) => () => new Response(body, { status, headers });
const down = () => {
  throw new TypeError("Failed to fetch");
};
/** An answer whose body breaks off. */
const cut = (headers) =>
  answer(
    new ReadableStream({
      start: (controller) => controller.enqueue(CORE.slice(0, 5)),
      pull: (controller) => controller.error(new TypeError("terminated")),
    }),
    headers,
  );
const { signal } = new AbortController();
const load = (source = "/core.wasm") => compileCore(source, signal);
const rejects = async (code) => assert.equal(await load().catch((error) => error), code);

afterEach(() => {
  mock.restoreAll();
  globalThis.WebAssembly = WebAssembly;
  for (const name of Object.keys(Object.prototype)) delete Object.prototype[name];
});

test("bytes are compiled as they are", async () => {
  const fetched = serve();
  assert.ok((await load(CORE)) instanceof WebAssembly.Module);
  assert.equal(fetched.mock.callCount(), 0);
});

test("a core is compiled while it arrives", async () => {
  const fetched = serve(answer(CORE, WASM));
  const streamed = mock.method(WebAssembly, "compileStreaming");
  assert.ok((await load()) instanceof WebAssembly.Module);
  assert.equal(fetched.mock.callCount(), 1);
  assert.equal(streamed.mock.callCount(), 1);
});

test("a core of another type is compiled when all of it is there", async () => {
  const fetched = serve(answer(CORE));
  const streamed = mock.method(WebAssembly, "compileStreaming");
  assert.ok((await load()) instanceof WebAssembly.Module);
  assert.equal(fetched.mock.callCount(), 1);
  assert.equal(streamed.mock.callCount(), 0);
});

test("if streaming compilation fails, the core is requested once more", async () => {
  const fetched = serve(cut(WASM), answer(CORE, WASM));
  assert.ok((await load()) instanceof WebAssembly.Module);
  assert.equal(fetched.mock.callCount(), 2);
});

test("a request follows no redirect, carries no cookie, and can be given up", async () => {
  Object.assign(Object.prototype, { headers: { "x-evil": "1" }, integrity: "sha384-x" });
  const fetched = serve(answer(CORE));
  await load();
  const [url, options] = fetched.mock.calls[0].arguments;
  assert.equal(url, "/core.wasm");
  assert.equal(Object.getPrototypeOf(options), null);
  assert.deepEqual({ ...options }, { credentials: "omit", redirect: "manual", signal });
});

test("a network that is down is distinguished from a missing file", async () => {
  const cases = {
    network: [[down], [cut(WASM), down], [cut(WASM), cut(WASM)], [cut(OCTETS)]],
    vault_missing: [[answer("", WASM, 404)], [answer("", OCTETS, 500)], [cut(WASM), answer("", WASM, 404)], [() => Response.error()]],
  };
  for (const [code, series] of Object.entries(cases)) {
    for (const answers of series) {
      serve(...answers);
      await rejects(code);
    }
  }
});

test("a core that is shorter than announced was cut off", async () => {
  const length = (count, more) => ({ ...OCTETS, "content-length": String(count), ...more });
  serve(answer(CORE, length(CORE.length + 1)));
  await rejects("network");
  for (const headers of [length(CORE.length), length(CORE.length + 1, { "content-encoding": "br" })]) {
    serve(answer(CORE, headers));
    assert.ok((await load()) instanceof WebAssembly.Module, "all of it is there");
  }
});

test("bytes that are not WebAssembly are refused", async () => {
  for (const body of ["<!doctype html>", "", CORE.slice(0, 3), Uint8Array.of(0x00, 0x61, 0x73, 0x6e, 1, 0, 0, 0)]) {
    serve(answer(body));
    await rejects("vault_missing");
  }
});

test("if the device cannot compile, the engine's error is passed on", async () => {
  serve(answer(BROKEN, WASM), answer(BROKEN, WASM));
  await assert.rejects(load(), WebAssembly.CompileError);
  serve(answer(BROKEN));
  await assert.rejects(load(), WebAssembly.CompileError);
  await assert.rejects(load(BROKEN), WebAssembly.CompileError);
});

test("without WebAssembly nothing is loaded", async () => {
  const fetched = serve();
  delete globalThis.WebAssembly;
  await rejects("wasm_unavailable");
  assert.equal(fetched.mock.callCount(), 0);
});
