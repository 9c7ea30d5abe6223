/** Sessions with vaults that do what the test says, for the tests of `session.js`. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock } from "node:test";
import { toSettings } from "../options.js";
import { Session } from "../session.js";
import { forget, vaults, FakeVault } from "./fake-vault.js";
import { forgetWorkers, workers } from "./fake-worker.js";

export const TIMEOUT_MS = 2000;
export const ARRIVED_MS = 30_000;
export const LOOK_MS = 250;
export const SLOW_MS = 3000;
export const CLOSING_MS = 1000;
export const BEATS = { worker: 5000, page: 1000 };
/** The number of the missed beat at which a vault is given up. */
export const MISSED_BEATS = 7;

export const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Lets time pass in steps, so that the vault can answer in between. */
export async function pass(ms, step = LOOK_MS) {
  for (let left = ms; left > 0; left -= step) {
    mock.timers.tick(Math.min(step, left));
    await settle();
  }
}

const sessions = [];

/** A session, and what it told the page. Without workers its vault is on the page, and opens at once. */
export async function make({ options, canvas, askControlId = async () => "token", onChange = () => {} } = {}) {
  const changes = [];
  const spelt = [];
  const setting = { tzpkUrl: "/tzpk", setUrl: "/set" };
  const viewing = { operation: "view-pin", viewUrl: "/view", canvas };
  const settings = toSettings({ hints: "off", controlIdProvider: askControlId, timeoutMs: TIMEOUT_MS, ...(canvas ? viewing : setting), ...options });
  const session = new Session(settings, {
    canvas,
    page: canvas?.ownerDocument ?? document,
    askControlId,
    onChange: (before, after) => {
      changes.push([before, after]);
      onChange(before, after);
    },
    onTell: (detail) => spelt.push(detail),
  });
  sessions.push(session);
  await settle();
  const end = () => session.state.end && { ...session.state.end };
  const ends = () => changes.filter(([before, after]) => after.end && !before.end).length;
  return { session, changes, spelt, vault: vaults.at(-1), worker: workers.at(-1), end, ends };
}
export const makeView = (more) => make({ canvas: document.createElement("canvas"), ...more });

/** Makes a worker run a vault that does what the test says. */
export function fill(worker) {
  const vault = new FakeVault((message) => worker.isTerminated || worker.say(message));
  const messages = worker.heard.splice(0);
  worker.postMessage = (message) => queueMicrotask(() => vault.receive(message));
  for (const message of messages) vault.receive(message);
  return vault;
}

/** A session whose submit was accepted. */
export async function submitting(more) {
  const made = await make(more);
  made.vault.becomeReady();
  made.vault.session.valid = true;
  const submit = made.session.submit();
  await settle();
  assert.equal(made.session.state.phase, "submitting");
  return { ...made, submit };
}

/** A session to view a PIN, which has arrived. */
export async function arrived(more) {
  const made = await makeView(more);
  made.vault.becomeReady();
  const submit = made.session.submit();
  await settle();
  made.vault.arrive();
  await settle();
  return { ...made, submit };
}

export const answers = (vault) => vault.heard.filter((message) => message.controlId !== undefined).map(({ controlId }) => controlId);
export const failure = (promise) => promise.then(() => assert.fail("it did not fail"), (error) => error);

let isLookedAt;
let isHidden;
/** Whether the page is visible and has the focus. Nothing is told of it. */
export const look = (changes) => {
  if ("isLookedAt" in changes) isLookedAt = changes.isLookedAt;
  if ("isHidden" in changes) isHidden = changes.isHidden;
};
export const changeVisibility = () => document.dispatchEvent(new Event("visibilitychange"));

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  isLookedAt = false;
  isHidden = false;
  // In jsdom the page has the focus; the test's own function may deny it.
  document.body.appendChild(document.createElement("button")).focus();
  Object.defineProperty(document, "hasFocus", { value: () => isLookedAt, configurable: true });
  Object.defineProperty(document, "hidden", { get: () => isHidden, configurable: true });
});

afterEach(() => {
  for (const session of sessions.splice(0)) session.close();
  mock.timers.runAll();
  mock.reset();
  forget();
  forgetWorkers();
  delete document.hasFocus;
  delete document.hidden;
  document.body.replaceChildren();
  globalThis.reported.length = 0;
});
