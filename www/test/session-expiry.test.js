import "./page.js";
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { make } from "./run-session.js";

/** Lets seconds pass, for the timers and the page's own clock. */
function runClock() {
  let now = 1000;
  mock.method(performance, "now", () => now);
  return (seconds) => {
    for (let second = 0; second < seconds; second += 1) {
      now += 1000;
      mock.timers.tick(1000);
    }
  };
}

test("the customer is told in the last minute that a control id runs out, and the session ends with it", async () => {
  const wait = runClock();
  const { session, vault, end, changes } = await make({ options: { controlIdProvider: undefined, controlId: "token", expiresIn: 90 } });
  vault.becomeReady();
  wait(29);
  assert.equal(session.state.timeLeft, null);
  wait(61);
  const told = [...new Set(changes.map(([, after]) => after.timeLeft))];
  assert.deepEqual(told.filter((seconds) => seconds !== null), [60, 50, 40, 30, 20, 10]);
  assert.deepEqual(end(), { code: "control_id_expired", retryable: true });
});

test("a session whose control id comes from a provider does not run out", async () => {
  const wait = runClock();
  const { session, vault } = await make({ options: { expiresIn: 90 } });
  vault.becomeReady();
  wait(200);
  assert.deepEqual([session.state.timeLeft, session.state.end], [null, null]);
});
