import assert from "node:assert/strict";
import { test } from "node:test";
import { describePad } from "../describe-pad.js";
import en from "../languages/en.js";
import { Words } from "../words.js";

const words = new Words(new Intl.Locale("en"), en, {});
const start = {
  ...{ phase: "open", step: "entry", digits: 0, minLength: 4, maxLength: 4, confirm: true, refusesWeak: true },
  ...{ problem: undefined, reason: undefined, refusals: 0, waitsSeconds: null, checking: false, wasTyped: false, press: 0, timeLeft: null, timeLeftSaid: null, isSlow: false, secondsLeft: 30, suggested: false, hasWaited: false, canSuggest: false, canRestart: false },
};
const describe = (changes) => describePad({ ...start, ...changes }, words);
const CODES = [...Object.keys(en.errors), "isolation_unavailable", "vault_missing", "wasm_unavailable", "closed"].filter((code) => code !== "browser");

test("each state has its message and its place of the focus", () => {
  const golden = [
    [{}, "", "", "entry"],
    [{ digits: 2 }, "2 of 4 digits", "", "entry"],
    [{ phase: "waiting" }, "Getting ready…", "", "entry"],
    [{ phase: "waiting", isSlow: true }, "Still working. Please keep this page open.", "", "entry"],
    [{ press: 3, wasTyped: true }, "No digits entered", "", "entry"],
    [{ press: 3 }, "Step 1 of 2. Choose your PIN.", "", "entry"],
    [{ step: "confirm", press: 6, wasTyped: true }, "No digits entered", "", "entry"],
    [{ press: 3, wasTyped: true, problem: "mismatch" }, "", "The PINs don't match. Choose your PIN again.", "entry"],
    [{ digits: 5, minLength: 4, maxLength: 12 }, "5 digits, up to 12", "", "entry"],
    [{ step: "confirm" }, "Step 2 of 2. Enter the same PIN again.", "", "entry"],
    [{ step: "confirm", digits: 1 }, "1 of 4 digits", "", "entry"],
    [{ problem: "weak_pin", reason: "run" }, "", "Too easy to guess: digits in a row. Choose another PIN.", "entry"],
    [{ problem: "too_short", digits: 3 }, "3 of 4 digits", "Enter 1 more digit.", "entry"],
    [{ problem: "mismatch" }, "", "The PINs don't match. Choose your PIN again.", "entry"],
    [{ phase: "submitting" }, "Setting your PIN…", "", "entry"],
    [{ phase: "submitting", isSlow: true }, "Still working. Please keep this page open.", "", "entry"],
    [{ phase: "submitting", isSlow: true, checking: true }, "We're checking whether your PIN was set.", "", "entry"],
    [{ timeLeft: 50, timeLeftSaid: 50 }, "", "Time left: 50 seconds", "entry"],
    [{ timeLeft: 30, timeLeftSaid: 50, digits: 1 }, "1 of 4 digits", "", "entry"],
    [{ timeLeft: 20, timeLeftSaid: 20, problem: "mismatch" }, "Time left: 20 seconds", "The PINs don't match. Choose your PIN again.", "entry"],
    [{ phase: "done" }, "Your PIN is set. Remember it, and don't tell anybody.", "", "title"],
    [{ phase: "failed", problem: "closed" }, "", "Your PIN was not set.", "primary"],
    [{ phase: "unusable" }, "", "We can't show the PIN pad. Please contact your bank.", "primary"],
  ];
  for (const [changes, status, alert, focus] of golden) {
    const view = describe(changes);
    assert.deepEqual([view.status, view.alert, view.focus], [status, alert, focus], JSON.stringify(changes));
  }
});

test("nothing on Object.prototype is part of what is drawn", () => {
  Object.assign(Object.prototype, { picture: "bad", secondary: "bad", primary: "bad" });
  try {
    const { picture, primary, secondary } = describe({});
    assert.deepEqual([picture, primary, secondary.action], [undefined, undefined, "cancel"]);
  } finally {
    for (const name of ["picture", "secondary", "primary"]) delete Object.prototype[name];
  }
});

test("the time that is left is seen in each of its steps", () => {
  const notices = [60, 50, 40, 30, 20, 10].map((timeLeft) => describe({ timeLeft, timeLeftSaid: 60 }).notice);
  assert.deepEqual(notices, [60, 50, 40, 30, 20, 10].map((seconds) => `Time left: ${seconds} seconds`));
});

test("every failure says what happened, and has a way on that can be pressed", () => {
  for (const problem of CODES) {
    for (const canRestart of [true, false]) {
      const view = describe({ phase: "failed", problem, canRestart });
      assert.ok(view.title, problem);
      if (problem !== "closed") assert.ok(view.problem, problem);
      assert.deepEqual(view.primary?.isEnabled, true, problem);
      assert.equal(view.primary?.action, canRestart ? "restart" : "cancel", problem);
      assert.equal(view.focus, "primary");
    }
  }
});

test("an unknown outcome is not called a failure", () => {
  const { title, problem } = describe({ phase: "failed", problem: "outcome_unknown" });
  assert.equal(title, "We're not sure your PIN was set");
  assert.match(problem, /Check with your bank/);
});

test("each reason of a weak PIN has words of its own, and an unknown one the general ones", () => {
  const reasons = ["run", "repeat", "year", "pattern", "common", "personal", undefined, "new"];
  const problems = reasons.map((reason) => describe({ problem: "weak_pin", reason }).problem);
  assert.equal(new Set(problems).size, 7);
  assert.equal(problems[6], problems[7]);
});

test("there is a way out of the first step, and a way back from the second", () => {
  assert.equal(describe({}).secondary?.action, "cancel");
  assert.equal(describe({ step: "confirm" }).secondary?.action, "back");
  assert.equal(describe({ phase: "submitting" }).secondary, undefined);
});

test("the button is shown if it can do something", () => {
  const button = (changes) => {
    const { primary } = describe(changes);
    return primary && [primary.label, primary.isEnabled];
  };
  assert.equal(button({ digits: 3 }), undefined, "a first entry of a fixed length goes on by itself");
  assert.deepEqual(button({ digits: 3, maxLength: 6 }), ["Continue", false]);
  assert.deepEqual(button({ digits: 4, maxLength: 6 }), ["Continue", true]);
  assert.deepEqual(button({ step: "confirm", digits: 3 }), ["Set PIN", false]);
  assert.deepEqual(button({ step: "confirm", digits: 4 }), ["Set PIN", true]);
  assert.deepEqual(button({ confirm: false, digits: 4 }), ["Set PIN", true]);
});

test("the dots keep their number while the PIN is set", () => {
  assert.deepEqual(describe({ digits: 6, maxLength: 12, phase: "submitting" }).dots, { places: 6, filled: 6 });
  assert.deepEqual(describe({ digits: 1, maxLength: 12 }).dots, { places: 4, filled: 1 });
});

test("a PIN is suggested before the first digit, and shown until the customer enters it", () => {
  const { primary } = describe({ canSuggest: true });
  assert.deepEqual(primary, { label: "Suggest a PIN", action: "suggest", isEnabled: true, isQuiet: true });
  assert.equal(describe({ hasWaited: false, canSuggest: true, digits: 1 }).primary, undefined);
  assert.equal(describe({ canSuggest: true, step: "confirm" }).primary?.action, "advance");
  const shown = describe({ canSuggest: true, suggested: true });
  assert.deepEqual([shown.isShown, shown.primary?.action, shown.secondary?.action], [true, "back", "spell"]);
  assert.equal(shown.status, "A PIN for you. Remember it, then enter it yourself.");
});
