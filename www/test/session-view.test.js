import "./page.js";
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { offerWorkers } from "./fake-worker.js";
import { ARRIVED_MS, LOOK_MS, SLOW_MS, arrived, changeVisibility, look, make, pass, settle, submitting } from "./run-session.js";

test("a PIN that has arrived waits half a minute for somebody who looks", async () => {
  const { session, end } = await arrived();
  await pass(ARRIVED_MS - LOOK_MS);
  mock.timers.tick(LOOK_MS - 1);
  assert.equal(session.state.phase, "arrived");
  mock.timers.tick(1);
  assert.deepEqual(end(), { code: "closed", retryable: true });
});

test("a PIN is shown when somebody looks, and hidden when nobody does", async () => {
  for (const [target, type] of [[window, "focus"], [document, "visibilitychange"]]) {
    const { session, end, ends } = await arrived();
    look({ isLookedAt: true });
    target.dispatchEvent(new Event(type));
    await settle();
    assert.equal(session.state.phase, "shown", type);
    await pass(ARRIVED_MS);
    assert.equal(end(), null, "nobody waits for it any more");
    look({ isLookedAt: false });
    window.dispatchEvent(new Event("blur"));
    assert.deepEqual(end(), { code: null, retryable: false });
    assert.equal(ends(), 1);
  }
});

test("a PIN that arrives while somebody looks is shown at once", async () => {
  look({ isLookedAt: true });
  const { session, vault } = await arrived();
  assert.equal(session.state.phase, "shown");
  assert.equal(vault.heard.filter((message) => message === "reveal").length, 1);
});

test("a frame without blur events checks the focus by itself", async () => {
  look({ isLookedAt: true });
  const { end } = await arrived();
  await pass(4 * LOOK_MS);
  assert.equal(end(), null);
  look({ isLookedAt: false });
  mock.timers.tick(LOOK_MS - 1);
  assert.equal(end(), null);
  mock.timers.tick(1);
  assert.deepEqual(end(), { code: null, retryable: false });
});

test("a PIN that is shown counts its seconds down by the clock, and not by how often the page looks", async () => {
  let now = 5000;
  mock.method(performance, "now", () => now);
  look({ isLookedAt: true });
  const { session, changes } = await arrived();
  assert.equal(session.state.secondsLeft, 30);
  const seconds = [];
  for (const elapsed of [250, 999, 1000, 1250, 12_999, 30_999]) {
    now = 5000 + elapsed;
    mock.timers.tick(LOOK_MS);
    seconds.push(session.state.secondsLeft);
  }
  assert.deepEqual(seconds, [30, 30, 29, 29, 18, 0]);
  assert.equal(changes.filter(([before, after]) => before.secondsLeft !== after.secondsLeft).length, 3);
});

test("a PIN that is shown is drawn in the colour that the page has now", async () => {
  const canvas = document.body.appendChild(document.createElement("canvas"));
  canvas.style.color = "rgb(1, 2, 3)";
  look({ isLookedAt: true });
  const { vault } = await arrived({ canvas });
  const colors = () => vault.heard.filter((message) => message.color).map(({ color }) => color);
  await pass(4 * LOOK_MS);
  assert.deepEqual(colors(), ["rgb(1, 2, 3)"]);
  canvas.style.color = "rgb(4, 5, 6)";
  await pass(4 * LOOK_MS);
  assert.deepEqual(colors(), ["rgb(1, 2, 3)", "rgb(4, 5, 6)"]);
});

test("a PIN that is suggested follows the page's colours, too, and only while somebody looks", async () => {
  const canvas = document.body.appendChild(document.createElement("canvas"));
  canvas.style.color = "rgb(1, 2, 3)";
  look({ isLookedAt: true });
  const { session, vault } = await make();
  session.useCanvas(canvas);
  session.say("suggest");
  await settle();
  vault.session.suggested = true;
  vault.tellState();
  const colors = () => vault.heard.filter((message) => message.color).map(({ color }) => color);
  canvas.style.color = "rgb(4, 5, 6)";
  await pass(4 * LOOK_MS);
  assert.equal(colors().at(-1), "rgb(4, 5, 6)");
  assert.equal(session.state.secondsLeft, 30, "it is entered, and not counted down");
  assert.ok(!vault.heard.includes("forget"));
  look({ isLookedAt: false });
  await pass(LOOK_MS);
  assert.ok(vault.heard.includes("forget"));
  vault.session.suggested = false;
  vault.tellState();
  const before = colors().length;
  canvas.style.color = "rgb(7, 8, 9)";
  await pass(8 * LOOK_MS);
  assert.equal(colors().length, before, "nothing is there to be drawn");
});

test("a PIN that has arrived is not slow any more", async () => {
  const { session } = await arrived();
  await pass(2 * SLOW_MS);
  assert.equal(session.state.isSlow, false);
});

test("spelt digits are reported while a PIN is shown, and change nothing", async () => {
  const { session, vault, spelt, changes } = await arrived();
  vault.tell({ spell: { digit: 4, place: 0 } });
  assert.deepEqual(spelt, []);
  look({ isLookedAt: true });
  window.dispatchEvent(new Event("focus"));
  await settle();
  const { state } = session;
  vault.tell({ spell: { digit: 4, place: 0 } });
  vault.tell({ spell: { digit: null, place: 4 } });
  assert.deepEqual(spelt, [{ event: "spell", digit: 4, place: 0 }, { event: "spell", digit: undefined, place: 4 }]);
  assert.equal(session.state, state);
  assert.ok(changes.every(([, after]) => !JSON.stringify(after).includes("spell")));
});

test("a page that is hidden has the digits forgotten", async () => {
  const { session, vault, end } = await make();
  session.say({ press: 1 });
  changeVisibility();
  await settle();
  assert.equal(session.state.digits, 1, "the page is still visible");
  look({ isHidden: true });
  changeVisibility();
  await settle();
  assert.equal(vault.heard.at(-1), "forget");
  assert.equal(session.state.digits, 0);
  assert.equal(end(), null);
});

test("a page that is hidden does not disturb a PIN on its way", async () => {
  const { vault, end } = await submitting();
  look({ isHidden: true });
  changeVisibility();
  await settle();
  assert.ok(!vault.heard.includes("forget"));
  assert.equal(end(), null);
});

test("a page that is hidden hides a PIN, and sends away one that has arrived", async () => {
  const waiting = await arrived();
  look({ isLookedAt: true });
  const shown = await arrived();
  assert.equal(shown.session.state.phase, "shown");
  assert.equal(waiting.session.state.phase, "arrived");
  look({ isHidden: true });
  changeVisibility();
  assert.equal(waiting.end().code, "closed");
  assert.equal(shown.end().code, null);
});

test("a page that is left ends the vault at once", async () => {
  offerWorkers();
  const { worker, end, ends } = await make();
  window.dispatchEvent(new Event("pagehide"));
  assert.ok(worker.isTerminated);
  assert.deepEqual(end(), { code: "closed", retryable: true });
  window.dispatchEvent(new Event("pagehide"));
  assert.equal(ends(), 1);
});

test("the outcome of a PIN on its way is unknown if the page is left", async () => {
  const { vault, end } = await submitting();
  vault.ask();
  await settle();
  window.dispatchEvent(new Event("pagehide"));
  assert.deepEqual(end(), { code: "outcome_unknown", retryable: false });
});
