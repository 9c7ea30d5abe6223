import "./page.js";
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { forgetWorkers, offerWorkers, workers } from "./fake-worker.js";
import { ASK, CLOSED, CLOSING_MS, OPEN, make, settle } from "./run-host.js";

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  offerWorkers();
});

afterEach(() => {
  mock.reset();
  forgetWorkers();
  document.body.replaceChildren();
  for (const name of Object.keys(Object.prototype)) delete Object.prototype[name];
});

test("a worker is sent the core, what to open, and what the customer does", () => {
  const { host, told, worker, page } = make();
  host.post({ press: 1 });
  assert.equal(host.isolation, "worker");
  assert.equal(worker.url, "/worker.js");
  assert.deepEqual(worker.heard, ["core.wasm", { open: OPEN }, { press: 1 }]);
  assert.deepEqual(told, []);
  assert.equal(page.loads, 0);
});

test("messages of the vault are handed on, and others are not", () => {
  const { told, worker } = make();
  worker.say(ASK);
  for (const malformed of ["asks", null, undefined, 7, {}, { ask: true }, { closed: {} }, { spell: { digit: 10, place: 0 } }]) worker.say(malformed);
  worker.say({ spell: { digit: 4, place: 0 } });
  assert.equal(told.length, 2);
  assert.equal(told[0], ASK);
  assert.deepEqual({ ...told[1].spell }, { digit: 4, place: 0 });
});

test("a worker that does not start is replaced by a vault on the page", async () => {
  const { host, told, worker, page } = make();
  host.post({ press: 1 });
  assert.ok(worker.fail(), "the page hears of no error");
  assert.ok(worker.isTerminated);
  assert.equal(host.isolation, "page");
  assert.deepEqual(told, ["restarted"]);
  host.post({ press: 2 });
  await settle();
  assert.deepEqual(page.heard, ["core.wasm", { open: OPEN }, { press: 2 }]);
  assert.equal(worker.heard.length, 3, "the worker hears no more");
  page.tell(ASK);
  assert.deepEqual(told, ["restarted", ASK]);
});

test("a malformed message is not a sign that the worker has started", () => {
  const { host, told, worker } = make();
  worker.say("hello");
  worker.fail();
  assert.equal(host.isolation, "page");
  assert.deepEqual(told, ["restarted"]);
});

test("a worker that has spoken and breaks off is lost", async () => {
  const { host, told, worker, page } = make();
  worker.say(ASK);
  assert.ok(worker.fail());
  await settle();
  assert.ok(worker.isTerminated);
  assert.equal(host.isolation, "worker");
  assert.equal(page.loads, 0);
  assert.deepEqual(told, [ASK, "lost"]);
});

test("an error is reported once", async () => {
  const { told, worker } = make();
  worker.say(ASK);
  worker.fail();
  worker.fail();
  assert.deepEqual(told, [ASK, "lost"]);
});

test("a page without workers runs the vault itself, and has nothing to restart", async () => {
  forgetWorkers();
  const { host, told, page } = make();
  assert.equal(host.isolation, "page");
  host.post("submit");
  await settle();
  assert.deepEqual(page.heard, ["core.wasm", { open: OPEN }, "submit"]);
  assert.deepEqual(told, []);
});

test("with isolation required, a missing worker is reported in a later turn", async () => {
  forgetWorkers();
  const { told, page } = make({ mayRunOnPage: false });
  assert.deepEqual(told, [], "the session is not made yet");
  await settle();
  assert.deepEqual(told, ["failed: isolation_unavailable"]);
  assert.equal(page.loads, 0);
});

test("with isolation required, a worker that does not start has no replacement", async () => {
  const { host, told, worker, page } = make({ mayRunOnPage: false });
  worker.fail();
  host.post({ press: 1 });
  await settle();
  assert.deepEqual(told, ["failed: isolation_unavailable"]);
  assert.equal(page.loads, 0);
  assert.ok(worker.isTerminated);
});

test("with isolation required, a script that cannot be loaded is reported by its own code", async () => {
  const { told, worker } = make({ mayRunOnPage: false, explain: async () => "network" });
  worker.fail();
  await settle();
  assert.deepEqual(told, ["failed: network"]);
});

test("a vault that cannot be loaded onto the page is reported by its code", async () => {
  forgetWorkers();
  for (const [failure, code] of [["network", "network"], ["vault_missing", "vault_missing"], [new Error("network"), "vault_missing"]]) {
    const { host, told } = make({ failure });
    host.post({ press: 1 });
    await settle();
    assert.deepEqual(told, [`failed: ${code}`]);
  }
});

test("a vault on the page that throws is lost", async () => {
  forgetWorkers();
  const { host, told, page } = make();
  await settle();
  page.breaks = true;
  host.post({ press: 1 });
  assert.deepEqual(told, []);
  await settle();
  assert.deepEqual(told, ["lost"]);
});

test("a vault on the page that throws while it closes is not lost", async () => {
  forgetWorkers();
  const { host, told, page } = make();
  await settle();
  page.breaks = true;
  host.close();
  await settle();
  assert.equal(page.heard.at(-1), "close");
  assert.deepEqual(told, []);
});

test("a vault on the page that is closed before it is loaded closes without a failure", async () => {
  forgetWorkers();
  const closed = make();
  closed.host.close();
  await settle();
  assert.deepEqual(closed.page.heard, ["core.wasm", { open: OPEN }, "close"]);
  const missing = make({ failure: "network" });
  missing.host.close();
  await settle();
  assert.deepEqual([closed.told, missing.told], [[], []]);
});

test("a vault that closes has a second to wipe itself", () => {
  const { host, told, worker } = make();
  worker.say(ASK);
  host.close();
  assert.equal(worker.heard.at(-1), "close");
  mock.timers.tick(CLOSING_MS - 1);
  assert.ok(!worker.isTerminated);
  mock.timers.tick(1);
  assert.ok(worker.isTerminated);
  assert.deepEqual(told, [ASK]);
});

test("a page that is left waits a moment while its vault wipes itself, also with a stopped clock", (t) => {
  const { now: clock } = performance;
  t.after(() => delete performance.now);
  for (const step of [1, 0]) {
    offerWorkers();
    const { host, worker } = make();
    let [now, looks] = [0, 0];
    // The clock is replaced by hand: a mock that records each call would record too many.
    performance.now = () => {
      looks += 1;
      return (now += step);
    };
    worker.terminate = () => assert.equal(worker.heard.at(-1), "close");
    const terminated = t.mock.method(worker, "terminate");
    host.leave();
    assert.equal(terminated.mock.callCount(), 1);
    assert.ok(step === 0 || (now >= 20 && now < 30), `${now} ms`);
    const before = looks;
    host.leave();
    assert.equal(looks, before + 1, "without a worker, the page does not wait");
    performance.now = clock;
  }
});

test("a vault that says that it is wiped is ended at once", () => {
  const { host, told, worker } = make();
  host.close();
  worker.say(ASK);
  assert.ok(!worker.isTerminated);
  worker.say(CLOSED);
  assert.ok(worker.isTerminated);
  assert.deepEqual(told, [], "its messages after the close are ignored");
});

test("a vault that closes by itself is heard", () => {
  const { told, worker } = make();
  worker.say({ closed: { code: "wasm_unavailable" } });
  assert.equal(told[0].closed.code, "wasm_unavailable");
  assert.ok(!worker.isTerminated);
});

test("nothing is sent after the close, and the close is sent once", () => {
  const { host, worker } = make();
  host.close();
  host.post({ press: 1 });
  host.close();
  assert.deepEqual(worker.heard, ["core.wasm", { open: OPEN }, "close"]);
});

test("a worker that fails while it closes is ended, and nothing takes its place", async () => {
  for (const speaks of [true, false]) {
    const { host, told, worker, page } = make();
    if (speaks) worker.say(ASK);
    host.close();
    worker.fail();
    await settle();
    assert.ok(worker.isTerminated);
    assert.equal(page.loads, 0);
    assert.deepEqual(told, speaks ? [ASK] : []);
  }
});

test("a vault that is ended is not asked to wipe itself", async () => {
  const { host, told, worker, page } = make();
  host.end();
  assert.ok(worker.isTerminated);
  worker.say(ASK);
  worker.fail();
  host.post({ press: 1 });
  host.close();
  await settle();
  assert.deepEqual(worker.heard, ["core.wasm", { open: OPEN }]);
  assert.deepEqual(told, []);
  assert.equal(page.loads, 0);
});

test("a worker that was asked to wipe itself can still be ended at once", () => {
  const { host, worker } = make();
  host.close();
  host.end();
  assert.ok(worker.isTerminated);
});
