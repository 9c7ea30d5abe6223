import "./page.js";
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { forgetWorkers, offerWorkers, workers } from "./fake-worker.js";
import { ASK, OPEN, make, makeCanvas, settle } from "./run-host.js";

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

for (const draws of ["reveal", "suggest"]) {
  test(`a canvas goes to a worker that has spoken, for good, when it is to ${draws}`, () => {
    const { canvas, offscreen, transfers } = makeCanvas();
    const { host, told, worker } = make({ canvas });
    worker.say("hello");
    host.post(draws);
    assert.deepEqual(worker.heard.slice(2), [draws], "it may not have started");
    worker.say(ASK);
    host.post(draws);
    assert.deepEqual(worker.heard.slice(3), [{ color: "rgb(1, 2, 3)" }, offscreen, draws]);
    assert.equal(worker.transfers[4][0], offscreen);
    assert.equal(transfers(), 1);
    assert.deepEqual(told, [ASK]);
  });
}

test("a worker with nothing to draw has no canvas", () => {
  const { canvas, transfers } = makeCanvas();
  const { host, worker } = make({ canvas });
  worker.say(ASK);
  host.post("submit");
  assert.deepEqual(worker.heard.slice(2), ["submit"]);
  assert.equal(transfers(), 0);
});

test("a late canvas goes to a worker that waits for it", () => {
  const { canvas, offscreen } = makeCanvas();
  const { host, worker } = make();
  worker.say(ASK);
  host.post("suggest");
  host.useCanvas(canvas);
  assert.equal(worker.heard.at(-1), offscreen);
});

test("a canvas that no worker was given is given to the vault on the page", async () => {
  const { canvas, transfers } = makeCanvas();
  const { host, worker, page } = make({ canvas });
  worker.fail();
  await settle();
  assert.equal(page.heard.length, 2);
  page.tell(ASK);
  host.post("reveal");
  await settle();
  assert.deepEqual(page.heard.slice(2), [{ color: "rgb(1, 2, 3)" }, canvas, "reveal"]);
  assert.equal(transfers(), 0);
});

test("no worker is started in a browser where it could not draw", async () => {
  const canvas = document.createElement("canvas");
  const { host, worker, page } = make({ canvas });
  assert.equal(worker, undefined);
  assert.equal(host.isolation, "page");
  await settle();
  page.tell(ASK);
  host.post("reveal");
  await settle();
  assert.ok(page.heard.includes(canvas));
});

test("a colour is sent when it has changed, and to a vault that runs", () => {
  const { canvas } = makeCanvas();
  document.body.append(canvas);
  const { host, worker } = make({ canvas });
  worker.say(ASK);
  host.post("reveal");
  const heard = worker.heard.length;
  host.paint();
  canvas.style.color = "rgb(4, 5, 6)";
  host.paint();
  host.paint();
  assert.deepEqual(worker.heard.slice(heard), [{ color: "rgb(4, 5, 6)" }]);
  host.close();
  canvas.style.color = "rgb(7, 8, 9)";
  host.paint();
  assert.equal(worker.heard.at(-1), "close");
});

test("a worker that has no canvas can be replaced, and is not heard any more", () => {
  const { host, told, worker } = make();
  worker.say(ASK);
  assert.ok(host.canRestart);
  host.restart();
  assert.ok(worker.isTerminated);
  const other = workers.at(-1);
  assert.notEqual(other, worker);
  assert.deepEqual(other.heard, ["core.wasm", { open: OPEN }]);
  worker.say(ASK);
  worker.fail();
  assert.deepEqual(told, [ASK]);
  host.post({ press: 1 });
  assert.deepEqual([worker.heard.length, other.heard.length], [2, 3]);
  // The second worker is like the first: if it does not start, a vault on the page replaces it.
  other.fail();
  assert.equal(host.isolation, "page");
});

test("a worker that has the canvas cannot be replaced", () => {
  const { canvas } = makeCanvas();
  const { host, worker } = make({ canvas });
  worker.say(ASK);
  host.post("reveal");
  assert.ok(!host.canRestart);
});

test("a worker that has a canvas that came later is replaced by one that gets another", () => {
  const { host, worker } = make();
  const [first, second] = [makeCanvas(), makeCanvas()];
  worker.say(ASK);
  host.useCanvas(first.canvas);
  host.post("suggest");
  assert.ok(host.canRestart);
  host.restart();
  const other = workers.at(-1);
  other.say(ASK);
  host.post("suggest");
  assert.deepEqual(other.heard.slice(2), ["suggest"]);
  host.useCanvas(second.canvas);
  assert.equal(other.heard.at(-1), second.offscreen);
  assert.deepEqual([first.transfers(), second.transfers()], [1, 1]);
});

test("a vault on the page can be replaced, with its canvas, and is not heard any more", async () => {
  forgetWorkers();
  const { canvas } = makeCanvas();
  const { host, told, page } = make({ canvas });
  await settle();
  const { tell } = page;
  tell(ASK);
  host.post("reveal");
  await settle();
  page.breaks = true;
  host.post("submit");
  host.restart();
  page.breaks = false;
  await settle();
  assert.equal(page.loads, 2);
  assert.equal(host.isolation, "page");
  tell(ASK);
  assert.deepEqual(told, [ASK], "its end and its later messages are ignored");
  const heard = page.heard.length;
  page.tell(ASK);
  host.post("reveal");
  await settle();
  assert.ok(page.heard.slice(heard).includes(canvas));
});

test("without a canvas there is nothing to paint", () => {
  const { host, worker } = make();
  worker.say(ASK);
  host.paint();
  assert.equal(worker.heard.length, 2);
});
