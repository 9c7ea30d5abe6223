import assert from "node:assert/strict";
import { test } from "node:test";
import { describeView } from "../describe-view.js";
import en from "../languages/en.js";
import { Words } from "../words.js";

const words = new Words(new Intl.Locale("en"), en, {});
const describe = (changes) =>
  describeView({ problem: undefined, refusals: 0, waitsSeconds: null, checking: false, timeLeft: null, timeLeftSaid: null, isSlow: false, secondsLeft: 30, canRestart: false, ...changes }, words);

test("each state has its message and its place of the focus", () => {
  const golden = [
    [{ phase: "waiting" }, "Getting ready…", "", "title"],
    [{ phase: "open" }, "", "", "primary"],
    [{ phase: "open", timeLeft: 20, timeLeftSaid: 20 }, "", "Time left: 20 seconds", "primary"],
    [{ phase: "open", timeLeft: 10, timeLeftSaid: 20 }, "", "", "primary"],
    [{ phase: "submitting" }, "Getting your PIN…", "", "title"],
    [{ phase: "arrived" }, "Your PIN is here. Make sure that nobody else can see the screen.", "", "primary"],
    [{ phase: "shown" }, `Your PIN. ${en.view.hides.other.replace("{count}", "30")}.`, "", "title"],
    [{ phase: "shown", secondsLeft: 7 }, `Your PIN. ${en.view.hides.other.replace("{count}", "30")}.`, en.view.hides.other.replace("{count}", "10"), "title"],
    [{ phase: "hidden" }, "Your PIN is hidden", "", "primary"],
    [{ phase: "failed", problem: "network" }, "", "We couldn't show your PIN. We can't reach your bank. Check your connection and try again.", "primary"],
  ];
  for (const [changes, status, alert, focus] of golden) {
    const view = describe(changes);
    assert.deepEqual([view.status, view.alert, view.focus], [status, alert, focus], JSON.stringify(changes));
  }
});

test("nothing is shown before the customer asks", () => {
  assert.deepEqual(describe({ phase: "open" }).primary, { label: "Show PIN", action: "advance", isEnabled: true, isQuiet: false });
  assert.equal(describe({ phase: "open" }).isShown, false);
});

test("the visible seconds are counted down, but said only twice", () => {
  const [first, later] = [30, 1].map((secondsLeft) => describe({ phase: "shown", secondsLeft }));
  assert.match(first.hint, /^Hides in 30 seconds/);
  assert.match(later.hint, /^Hides in 1 second,/);
  assert.equal(first.status, later.status);
});

test("a PIN that is hidden can be shown again with another control id, and is otherwise left", () => {
  assert.equal(describe({ phase: "hidden", canRestart: true }).primary?.action, "restart");
  assert.equal(describe({ phase: "hidden" }).primary?.action, "cancel");
});

test("every failure speaks of viewing, or of neither", () => {
  const codes = [...Object.keys(en.errors), "vault_missing", "closed"].filter((code) => code !== "browser" && code !== "outcome_unknown");
  for (const problem of codes) {
    const view = describe({ phase: "failed", problem });
    assert.ok(view.problem, problem);
    assert.doesNotMatch(view.problem, /set (a|your) PIN|PIN was not set|PIN can't be set/, problem);
    assert.equal(view.primary?.isEnabled, true);
  }
});
