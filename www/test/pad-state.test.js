import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { padState } from "../pad-state.js";
import { initial } from "../session-state.js";

const PAD = { isUnusable: false, isSlow: false, hasWaited: false, asks: true };
const session = (changes, views = false) => ({ ...initial({ views, isGiven: false }), ...changes });
const ended = (code, retryable, views) => session({ phase: "ended", end: { code, retryable } }, views);
const phase = (state, pad) => padState(state, undefined, { ...PAD, ...pad }).phase;

test("the pad takes digits while the vault still opens, since what is typed waits for it", () => {
  assert.equal(phase(session({ phase: "opening" })), "open");
  for (const name of ["open", "submitting", "arrived", "shown"]) assert.equal(phase(session({ phase: name })), name);
});

test("an end is a PIN that is set, one that was shown, or a failure", () => {
  assert.equal(phase(ended(null, false)), "done");
  assert.equal(phase(ended(null, false, true)), "hidden");
  assert.equal(phase(ended("network", true)), "failed");
  assert.equal(padState(ended("network", true), undefined, PAD).problem, "network");
});

test("without a session the pad waits, and a mistake of the page makes it unusable whatever else there is", () => {
  assert.equal(phase(undefined), "waiting");
  assert.equal(phase(undefined, { isUnusable: true }), "unusable");
  assert.equal(phase(session({ phase: "open" }), { isUnusable: true }), "unusable");
  const { isSlow, digits, problem } = padState(undefined, undefined, { ...PAD, isSlow: true });
  assert.deepEqual({ isSlow, digits, problem }, { isSlow: true, digits: 0, problem: undefined });
});

test("a new start is offered where there is somebody to ask for a control id, and it may help", () => {
  const canRestart = (state, asks = true) => padState(state, undefined, { ...PAD, asks }).canRestart;
  assert.equal(canRestart(ended("network", true)), true);
  assert.equal(canRestart(ended("network", true), false), false, "nobody to ask");
  assert.equal(canRestart(ended("not_allowed", false)), false, "it does not help");
  assert.equal(canRestart(ended(null, false)), false, "the PIN is set");
  assert.equal(canRestart(ended(null, false, true)), true, "the PIN can be viewed again");
  assert.equal(canRestart(session({ phase: "open" })), false);
});

test("the rules are those that the session was opened with, and until then the defaults", () => {
  const rules = ({ minLength, maxLength, confirm, refusesWeak }) => ({ minLength, maxLength, confirm, refusesWeak });
  assert.deepEqual(rules(padState(undefined, undefined, PAD)), { minLength: 4, maxLength: 4, confirm: true, refusesWeak: true });
  const open = { minLength: 5, maxLength: 8, confirm: false, weakPin: "allow" };
  assert.deepEqual(rules(padState(session({}), open, PAD)), { minLength: 5, maxLength: 8, confirm: false, refusesWeak: false });
});
