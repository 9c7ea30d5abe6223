import "./page.js";
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { CardPinError } from "../error.js";
import { PinSession } from "../pin-session.js";
import { forget, loading, vaults } from "./fake-vault.js";
import { forgetWorkers, offerWorkers, workers } from "./fake-worker.js";
import { snapshot } from "./snapshot.js";

const EVENTS = [
  ...["ready", "pin_valid", "set_pin_validation_error", "submitting", "set_pin_success", "set_pin_error"],
  ...["view_pin_success", "view_pin_error", "hidden", "spell"],
];
const settle = () => new Promise((resolve) => setImmediate(resolve));
const failure = (promise) => promise.then(() => assert.fail("it did not fail"), (error) => error);
const closed = (error) => error instanceof CardPinError && error.code === "closed" && error.retryable;

const sessions = [];

async function make(options) {
  const session = new PinSession({ hints: "off", controlIdProvider: async () => "token", tzpkUrl: "/tzpk", setUrl: "/set", ...options });
  sessions.push(session);
  const told = [];
  for (const name of EVENTS) {
    session.addEventListener(name, (event) => {
      assert.equal(event.type, event.detail.event);
      told.push(event.detail);
    });
  }
  await settle();
  return { session, told, vault: vaults.at(-1), names: () => told.map(({ event }) => event) };
}

const makeView = (options) =>
  make({ operation: "view-pin", viewUrl: "/view", canvas: document.createElement("canvas"), tzpkUrl: undefined, setUrl: undefined, ...options });

/** Enters digits, one at a time. */
async function enter({ session }, digits) {
  for (const digit of digits) session.press(digit);
  await settle();
}

/** A session whose PIN is on its way. */
async function submitting(options) {
  const made = await make(options);
  made.vault.becomeReady();
  await enter(made, [4, 8, 2, 6, 4, 8, 2, 6]);
  const promise = made.session.setPin();
  await settle();
  return { ...made, promise };
}

/** A session that shows a PIN. */
async function shown() {
  document.body.appendChild(document.createElement("button")).focus();
  const made = await makeView();
  made.vault.becomeReady();
  const promise = made.session.viewPin();
  await settle();
  made.vault.arrive();
  await settle();
  return { ...made, promise };
}

beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));

afterEach(() => {
  for (const session of sessions.splice(0)) session.close();
  mock.timers.reset();
  document.activeElement.blur();
  document.body.replaceChildren();
  for (const name of Object.keys(Object.prototype)) delete Object.prototype[name];
  forget();
  forgetWorkers();
});

test("a PIN is set, and the states and events are those of the type declarations", async () => {
  const made = await make();
  const { session, told, vault } = made;
  const states = [session.state];
  vault.becomeReady();
  states.push(session.state);
  await enter(made, [4, 8]);
  const promise = session.setPin();
  await failure(promise);
  states.push(session.state);
  await enter(made, [2, 6, 4, 8, 2, 6]);
  const accepted = session.setPin();
  states.push(session.state);
  await settle();
  vault.ask();
  await settle();
  vault.end(null);
  await accepted;
  states.push(session.state);
  assert.deepEqual(states, ["preparing", "ready", "ready", "submitting", "done"]);
  const count = (digits, step = "entry", pin_valid = false) => ({ event: "pin_valid", pin_valid, digits, step });
  assert.deepEqual(told, [
    { event: "ready", isolation: "page" },
    ...[count(1), count(2)],
    { event: "set_pin_validation_error", code: "too_short" },
    ...[count(3), count(0, "confirm")],
    ...[count(1, "confirm"), count(2, "confirm"), count(3, "confirm"), count(4, "confirm", true)],
    { event: "submitting" },
    { event: "set_pin_success" },
  ]);
});

test("a submit that the vault has not taken yet is under way", async () => {
  const { session, vault } = await make();
  vault.becomeReady();
  const promise = session.setPin();
  assert.equal(session.state, "submitting");
  assert.equal(session.setPin(), promise);
  assert.throws(() => session.press(1), closed);
  assert.equal((await failure(promise)).code, "too_short");
  assert.equal(session.state, "ready");
  assert.doesNotThrow(() => session.press(1));
});

test("a session that fails says so once, and its submit too", async () => {
  const { session, vault, told, promise } = await submitting();
  vault.end("rejected", false);
  assert.equal(session.state, "failed");
  assert.deepEqual(told.slice(-2), [{ event: "submitting" }, { event: "set_pin_error", code: "rejected", retryable: false }]);
  const error = await failure(promise);
  assert.ok(error instanceof CardPinError);
  assert.deepEqual([error.name, error.code, error.retryable], ["CardPinError", "rejected", false]);
  vault.end("network", true);
  session.close();
  assert.equal(told.filter(({ event }) => event === "set_pin_error").length, 1);
});

test("a session that is closed says so", async () => {
  const { session, told } = await make();
  session.close();
  assert.equal(session.state, "closed");
  assert.deepEqual(told, [{ event: "set_pin_error", code: "closed", retryable: true }]);
});

test("the outcome of a sent PIN is unknown if the session is closed", async () => {
  const { session, vault, told } = await submitting();
  vault.ask();
  await settle();
  session.close();
  assert.equal(session.state, "failed");
  assert.deepEqual(told.at(-1), { event: "set_pin_error", code: "outcome_unknown", retryable: false });
});

test("a vault that cannot be loaded ends the session", async () => {
  loading.failure = "network";
  const { session, told } = await make();
  assert.equal(session.state, "failed");
  assert.deepEqual(told, [{ event: "set_pin_error", code: "network", retryable: true }]);
});

test("ready says where the PIN is held", async () => {
  offerWorkers();
  const { session, told } = await make();
  assert.equal(session.isolation, "worker");
  workers[0].say({ state: { taken: 0, session: snapshot({ ready: true }) } });
  assert.deepEqual(told, [{ event: "ready", isolation: "worker" }]);
});

test("a value that is not a digit is refused and not repeated", async () => {
  const { session, vault } = await make();
  for (const value of [10, -1, 1.5, NaN, "7", null, undefined, [7]]) {
    assert.throws(
      () => session.press(value),
      (error) => error instanceof CardPinError && error.code === "not_digits" && !/\d/.test(error.message),
    );
  }
  await settle();
  assert.ok(!vault.heard.includes("press"));
});

test("each act of the customer reaches the vault", async () => {
  const made = await make();
  const { session, vault } = made;
  await enter(made, [1]);
  for (const act of ["erase", "clear", "confirm", "advance"]) session[act]();
  await settle();
  assert.deepEqual(vault.heard.slice(1), ["press", "erase", "clear", "confirm", "advance"]);
});

test("digits are counted", async () => {
  const made = await make();
  assert.equal(made.session.digits, 0);
  await enter(made, [1, 2, 3]);
  assert.equal(made.session.digits, 3);
  made.session.erase();
  await settle();
  assert.equal(made.session.digits, 2);
  made.session.close();
  assert.equal(made.session.digits, 0);
});

const EDITS = { press: [1], erase: [], clear: [], confirm: [], advance: [] };

test("after the submit and after the end nothing can be entered", async () => {
  const { session, vault } = await submitting();
  const refuses = () => {
    for (const [name, values] of Object.entries(EDITS)) assert.throws(() => session[name](...values), closed, name);
    assert.throws(() => session.press(10), { code: "not_digits" });
  };
  const heard = vault.heard.length;
  refuses();
  vault.end("network", true);
  refuses();
  await settle();
  assert.deepEqual(vault.heard.slice(heard), ["close"]);
  assert.ok(closed(await failure(session.setPin())));
});

test("a PIN is viewed", async () => {
  document.body.appendChild(document.createElement("button")).focus();
  const { session, vault, names } = await makeView();
  const states = [session.state];
  vault.becomeReady();
  states.push(session.state);
  const promise = session.viewPin();
  states.push(session.state);
  await settle();
  states.push(session.state);
  vault.arrive();
  await settle();
  states.push(session.state);
  await promise;
  vault.end(null);
  states.push(session.state);
  assert.deepEqual(states, ["preparing", "ready", "submitting", "submitting", "shown", "closed"]);
  assert.deepEqual(names(), ["ready", "submitting", "view_pin_success", "hidden"]);
});

test("a PIN that has arrived and is not looked at is not shown yet", async () => {
  const { session, vault, names } = await makeView();
  session.viewPin();
  await settle();
  vault.arrive();
  await settle();
  assert.equal(session.state, "submitting");
  assert.deepEqual(names(), ["submitting"]);
  session.viewPin();
  await settle();
  assert.equal(session.state, "shown");
});

test("a shown PIN is spelt digit by digit", async () => {
  const { session, vault, told } = await shown();
  session.spell();
  await settle();
  assert.equal(vault.heard.at(-1), "spell");
  vault.tell({ spell: { digit: 4, place: 0 } });
  vault.tell({ spell: { digit: null, place: 1 } });
  assert.deepEqual(told.slice(-2), [{ event: "spell", digit: 4, place: 0 }, { event: "spell", digit: undefined, place: 1 }]);
});

test("a PIN that is hidden is a session that is closed, and not one that failed", async () => {
  const { session, told } = await shown();
  session.close();
  assert.equal(session.state, "closed");
  assert.deepEqual(told.at(-1), { event: "hidden" });
});

test("a PIN that cannot be shown is reported", async () => {
  const { session, vault, told } = await makeView();
  const promise = session.viewPin();
  await settle();
  vault.end("control_id_expired", true);
  assert.equal(session.state, "failed");
  assert.deepEqual(told.at(-1), { event: "view_pin_error", code: "control_id_expired", retryable: true });
  assert.equal((await failure(promise)).code, "control_id_expired");
});

test("a session does one of the two, and never the other", async () => {
  const sets = await make();
  assert.ok(closed(await failure(sets.session.viewPin())));
  const views = await makeView();
  assert.ok(closed(await failure(views.session.setPin())));
  for (const name of ["press", "erase", "clear", "confirm"]) assert.throws(() => views.session[name](...EDITS[name]), closed, name);
  await settle();
  assert.deepEqual([sets.vault.heard.length, views.vault.heard.filter((message) => message === "submit").length], [1, 0]);
});

test("the next step of viewing a PIN asks for it", async () => {
  const { session, vault, names } = await makeView();
  session.advance();
  await settle();
  assert.ok(vault.heard.includes("submit"));
  assert.deepEqual(names(), ["submitting"]);
  session.close();
  assert.doesNotThrow(() => session.advance());
});

test("with a control id, no provider is asked", async () => {
  const { vault } = await make({ controlId: "given", controlIdProvider: undefined });
  assert.equal(vault.open.controlId, "given");
});

test("the provider's control id goes to the vault", async () => {
  const { vault } = await submitting({ controlIdProvider: () => "from the provider" });
  assert.equal(vault.open.controlId, null);
  vault.ask();
  await settle();
  assert.deepEqual(vault.heard.at(-1), { controlId: "from the provider" });
});

test("wrong options are reported at once, and no vault is made", async () => {
  assert.throws(() => new PinSession({ tzpkUrl: "/tzpk", setUrl: "/set" }), { name: "CardPinError", code: "control_id_missing" });
  assert.throws(() => new PinSession({ controlId: "token", tzpkUrl: "/tzpk", setUrl: "" }), /setUrl/);
  await settle();
  assert.equal(vaults.length, 0);
});

test("nothing on Object.prototype is an option", async () => {
  Object.prototype.controlIdProvider = () => "evil";
  assert.throws(() => new PinSession({ tzpkUrl: "/tzpk", setUrl: "/set" }), { code: "control_id_missing" });
  Object.prototype.canvas = document.createElement("canvas");
  const { vault } = await make();
  assert.equal(vault.heard.length, 1, "no canvas comes after what is to be opened");
});

test("a listener that throws breaks nothing", async () => {
  const { session, vault, names } = await make();
  session.addEventListener("ready", () => {
    throw new Error("the page's own");
  });
  vault.becomeReady();
  session.press(1);
  await settle();
  assert.deepEqual(names(), ["ready", "pin_valid"]);
});

test("a PIN is not viewed without a canvas", () => {
  const options = { operation: "view-pin", viewUrl: "/view", controlId: "token" };
  assert.throws(() => new PinSession(options), /^TypeError: canvas has to be a canvas element/);
});
