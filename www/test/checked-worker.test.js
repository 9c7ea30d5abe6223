import "./page.js";
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { CheckedWorker } from "../checked-worker.js";
import { forgetWorkers, offerWorkers, workers } from "./fake-worker.js";

globalThis.MessageEvent ??= window.MessageEvent;
const settle = () => new Promise((resolve) => setImmediate(resolve));
const FILES = { url: "blob:worker", core: Uint8Array.of(0, 97, 115, 109) };

/** A worker whose files the test delivers, and the messages that it sent. */
function make() {
  let deliver, fail;
  const worker = new CheckedWorker(new Promise((resolve, reject) => ([deliver, fail] = [resolve, reject])));
  const told = [];
  worker.onmessage = ({ data }) => told.push(data);
  worker.onerror = ({ cancelable }) => told.push({ error: cancelable });
  return { worker, told, deliver, fail };
}

afterEach(forgetWorkers);

test("messages wait for the files, in order, and the checked core replaces its address", async () => {
  offerWorkers();
  const { worker, deliver } = make();
  const canvas = {};
  worker.postMessage("core.wasm");
  worker.postMessage({ open: 1 });
  worker.postMessage(canvas, [canvas]);
  assert.equal(workers.length, 0);
  deliver(FILES);
  await settle();
  worker.postMessage("erase");
  const [started] = workers;
  assert.deepEqual([String(started.url), started.options.type], ["blob:worker", "module"]);
  assert.deepEqual(started.heard, [FILES.core, { open: 1 }, canvas, "erase"]);
  assert.deepEqual(started.transfers[2], [canvas]);
});

test("the worker's messages and its failure are passed on", async () => {
  offerWorkers();
  const { told, deliver } = make();
  deliver(FILES);
  await settle();
  workers[0].say("ask");
  workers[0].onerror({ cancelable: true });
  assert.deepEqual(told, ["ask", { error: true }]);
});

test("files that are not the right ones end the session with their code", async () => {
  const { told, fail } = make();
  fail("vault_missing");
  await settle();
  assert.deepEqual(told.map(({ closed }) => ({ ...closed })), [{ code: "vault_missing" }]);
});

test("a browser that starts no worker is an error of the worker", async () => {
  const { told, deliver } = make();
  deliver(FILES);
  await settle();
  assert.deepEqual(told, [{ error: true }]);
});

test("a session that has ended ignores all later input", async () => {
  offerWorkers();
  for (const come of [({ deliver }) => deliver(FILES), ({ fail }) => fail("vault_missing")]) {
    const made = make();
    made.worker.terminate();
    come(made);
    await settle();
    assert.deepEqual([workers.length, made.told], [0, []]);
  }
  const { worker, deliver } = make();
  deliver(FILES);
  await settle();
  worker.terminate();
  assert.equal(workers[0].isTerminated, true);
});
