import "./page.js";
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { CardPinError } from "../error.js";
import { toSettings } from "../options.js";
import { Session } from "../session.js";
import { forget, loading, vaults, FakeVault } from "./fake-vault.js";
import { forgetWorkers, offerWorkers, workers } from "./fake-worker.js";

const TIMEOUT_MS = 2000;
const ARRIVED_MS = 30_000;
const LOOK_MS = 250;
const SLOW_MS = 3000;
const CLOSING_MS = 1000;
const BEATS = { worker: 5000, page: 1000 };
/** The one too many. */
const MISSED_BEATS = 7;

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Lets time pass in steps, as it does where the vault can answer in between. */
async function pass(ms, step = LOOK_MS) {
  for (let left = ms; left > 0; left -= step) {
    mock.timers.tick(Math.min(step, left));
    await settle();
  }
}

const sessions = [];

/** A session, and what it told the page. Without workers its vault is on the page, and opens at once. */
async function make({ options, canvas, askControlId = async () => "token", onChange = () => {} } = {}) {
  const changes = [];
  const spelt = [];
  const setting = { tzpkUrl: "/tzpk", setUrl: "/set" };
  const viewing = { operation: "view-pin", viewUrl: "/view", canvas };
  const settings = toSettings({ hints: "off", controlIdProvider: askControlId, timeoutMs: TIMEOUT_MS, ...(canvas ? viewing : setting), ...options });
  const session = new Session(settings, {
    canvas,
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
const makeView = (more) => make({ canvas: document.createElement("canvas"), ...more });

/** Has a worker run a vault that does what the test says. */
function fill(worker) {
  const vault = new FakeVault((message) => worker.isTerminated || worker.say(message));
  const messages = worker.heard.splice(0);
  worker.postMessage = (message) => queueMicrotask(() => vault.receive(message));
  for (const message of messages) vault.receive(message);
  return vault;
}

/** A session whose submit was taken. */
async function submitting(more) {
  const made = await make(more);
  made.vault.becomeReady();
  made.vault.session.valid = true;
  const submit = made.session.submit();
  await settle();
  assert.equal(made.session.state.phase, "submitting");
  return { ...made, submit };
}

/** One to view a PIN that has arrived. */
async function arrived(more) {
  const made = await makeView(more);
  made.vault.becomeReady();
  const submit = made.session.submit();
  await settle();
  made.vault.arrive();
  await settle();
  return { ...made, submit };
}

const answers = (vault) => vault.heard.filter((message) => message.controlId !== undefined).map(({ controlId }) => controlId);
const failure = (promise) => promise.then(() => assert.fail("it did not fail"), (error) => error);

let isLookedAt;
let isHidden;
/** Whether the page is visible and has the focus. Nothing is told of it. */
const look = (changes) => {
  if ("isLookedAt" in changes) isLookedAt = changes.isLookedAt;
  if ("isHidden" in changes) isHidden = changes.isHidden;
};
const changeVisibility = () => document.dispatchEvent(new Event("visibilitychange"));

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  isLookedAt = false;
  isHidden = false;
  // jsdom's own word is that the page has the focus; what stands in its place may deny it.
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

test("a vault that does not load in time is given up, and its worker ended", async () => {
  offerWorkers();
  const { worker, end, ends } = await make();
  mock.timers.tick(2 * TIMEOUT_MS - 1);
  assert.equal(end(), null);
  mock.timers.tick(1);
  assert.deepEqual(end(), { code: "timeout", retryable: true });
  assert.equal(ends(), 1);
  assert.equal(worker.heard.at(-1), "close");
  mock.timers.tick(CLOSING_MS);
  assert.ok(worker.isTerminated);
});

test("a vault that has opened has no such deadline, and is left alone while it owes nothing", async () => {
  const { vault, end } = await make();
  vault.becomeReady();
  const heard = vault.heard.length;
  await pass(20 * TIMEOUT_MS);
  assert.equal(end(), null);
  // The beat that was due when it became ready is not even sent.
  assert.equal(vault.heard.length, heard);
});

test("a vault that cannot be loaded, or opened, says why", async () => {
  loading.failure = "network";
  assert.deepEqual((await make()).end(), { code: "network", retryable: true });
  loading.failure = new SyntaxError();
  assert.deepEqual((await make()).end(), { code: "vault_missing", retryable: false });
  assert.deepEqual((await make({ options: { isolation: "worker" } })).end(), { code: "isolation_unavailable", retryable: false });
  offerWorkers();
  const { worker, end } = await make();
  worker.say({ closed: { code: "wasm_unavailable" } });
  assert.deepEqual(end(), { code: "wasm_unavailable", retryable: false });
});

test("a session says where its vault is", async () => {
  assert.equal((await make()).session.isolation, "page");
  offerWorkers();
  const { session, worker } = await make();
  assert.equal(session.isolation, "worker");
  worker.fail();
  assert.equal(session.isolation, "page");
});

test("what the customer does goes to the vault, where it belongs", async () => {
  const { session, vault } = await make();
  for (const message of [{ press: 1 }, "erase", "reveal", "spell", "clear"]) session.say(message);
  await settle();
  assert.deepEqual(vault.heard.slice(1), ["press", "erase", "clear"]);
  assert.equal(session.state.taken, 3);
});

test("a provider is asked in a turn of its own, and its answer goes to the vault", async () => {
  const askControlId = mock.fn(async () => "token");
  const { vault } = await submitting({ askControlId });
  vault.ask();
  assert.equal(askControlId.mock.callCount(), 0);
  await settle();
  assert.equal(askControlId.mock.callCount(), 1);
  assert.deepEqual(answers(vault), ["token"]);
  await pass(2 * TIMEOUT_MS);
  assert.deepEqual(answers(vault), ["token"], "the deadline is over with the answer");
});

test("a provider that throws, rejects or gives no string is a control id that is missing, at once", async () => {
  const providers = {
    throws: () => {
      throw new Error("no");
    },
    rejects: () => Promise.reject(new Error("no")),
    number: () => 7,
    nothing: () => undefined,
    empty: async () => null,
    object: async () => new String("token"),
  };
  for (const [name, askControlId] of Object.entries(providers)) {
    const { vault, end } = await submitting({ askControlId });
    vault.ask();
    await settle();
    assert.deepEqual(answers(vault), [null], name);
    assert.equal(end(), null, "the vault decides what follows");
  }
});

test("a provider that does not answer in time is answered for, once, and its late answer is ignored", async () => {
  let resolve;
  const { vault } = await submitting({ askControlId: () => new Promise((...settlers) => ([resolve] = settlers)) });
  vault.ask();
  await pass(TIMEOUT_MS - 1);
  assert.deepEqual(answers(vault), []);
  await pass(1);
  assert.deepEqual(answers(vault), [null]);
  resolve("late");
  await pass(2 * TIMEOUT_MS);
  assert.deepEqual(answers(vault), [null]);
});

test("a late answer is not the answer to the next question", async () => {
  const resolvers = [];
  const { vault } = await submitting({ askControlId: () => new Promise((resolve) => resolvers.push(resolve)) });
  vault.ask();
  await pass(TIMEOUT_MS);
  vault.ask();
  await settle();
  resolvers[0]("late");
  await settle();
  assert.deepEqual(answers(vault), [null]);
  resolvers[1]("second");
  await settle();
  assert.deepEqual(answers(vault), [null, "second"]);
});

test("an answer after the end goes nowhere", async () => {
  let resolve;
  const { session, vault, changes } = await submitting({ askControlId: () => new Promise((...settlers) => ([resolve] = settlers)) });
  vault.ask();
  await settle();
  session.close();
  const before = changes.length;
  resolve("token");
  await pass(2 * TIMEOUT_MS);
  assert.deepEqual(answers(vault), []);
  assert.equal(changes.length, before);
});

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

test("a frame that hears of no loss of the focus looks by itself", async () => {
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
  for (const elapsed of [250, 999, 1000, 1250, 12_999, 40_000]) {
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

test("a submit that takes long says so, and one that is refused does not", async () => {
  const { session, vault } = await submitting();
  mock.timers.tick(SLOW_MS - 1);
  assert.equal(session.state.isSlow, false);
  vault.tellState();
  mock.timers.tick(1);
  assert.equal(session.state.isSlow, true);
  const refused = await make();
  refused.vault.becomeReady();
  await failure(refused.session.submit());
  await pass(2 * SLOW_MS);
  assert.equal(refused.session.state.isSlow, false);
});

test("a PIN that has arrived is not slow any more", async () => {
  const { session } = await arrived();
  await pass(2 * SLOW_MS);
  assert.equal(session.state.isSlow, false);
});

test("spelt digits are told while a PIN is shown, and change nothing", async () => {
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

for (const [isolation, beat] of Object.entries(BEATS)) {
  const start = async () => {
    if (isolation === "page") return make();
    offerWorkers();
    const made = await make();
    const vault = fill(made.worker);
    await settle();
    assert.equal(made.session.isolation, "worker");
    return { ...made, vault };
  };

  test(`a vault whose isolation is ${isolation} and that owes an answer and gives no sign of life is lost`, async () => {
    const { vault, end } = await start();
    vault.isSilent = true;
    await pass(MISSED_BEATS * beat - 1, beat);
    assert.equal(end(), null);
    await pass(1);
    assert.deepEqual(end(), { code: "closed", retryable: true });
  });

  test(`a vault whose isolation is ${isolation} and that answers is not lost, however long it takes`, async () => {
    const { vault, end } = await start();
    await pass(5 * MISSED_BEATS * beat, beat);
    assert.equal(end(), null);
    assert.ok(vault.heard.filter((message) => message === "ping").length >= 4 * MISSED_BEATS);
  });

  test(`after each sign of life the count begins anew where the isolation is ${isolation}`, async () => {
    const { vault, end } = await start();
    for (let round = 0; round < 3; round += 1) {
      vault.isSilent = true;
      await pass((MISSED_BEATS - 1) * beat, beat);
      vault.isSilent = false;
      vault.tellState();
    }
    assert.equal(end(), null);
  });
}

test("a worker that does not answer is asked once, and not each time", async () => {
  offerWorkers();
  const { worker, end } = await make();
  const entry = { stage: "entry", ready: false, step: "entry", digits: 0, valid: false, refusals: 0, refused: null, reason: null, waitsSeconds: null, suggested: false, end: null };
  worker.say({ state: { taken: 0, session: entry } });
  await pass((MISSED_BEATS - 1) * BEATS.worker, BEATS.worker);
  assert.deepEqual(worker.heard.slice(2), ["ping"]);
  assert.equal(end(), null);
});

test("a vault on the page is asked each time, since it tells by throwing that it broke off", async () => {
  const { session, vault, end } = await make();
  vault.isSilent = true;
  session.say({ press: 1 });
  await settle();
  vault.breaks = true;
  await pass(BEATS.page);
  assert.deepEqual(end(), { code: "closed", retryable: true });
});

test("what becomes of a PIN on its way is not known when the vault gives no sign of life", async () => {
  const { vault, end, session, submit } = await submitting();
  vault.ask();
  await settle();
  assert.ok(session.mayHaveSent);
  vault.isSilent = true;
  await pass(MISSED_BEATS * BEATS.page, BEATS.page);
  assert.deepEqual(end(), { code: "outcome_unknown", retryable: false });
  assert.equal((await failure(submit)).code, "outcome_unknown");
  assert.ok(!session.mayHaveSent);
});

test("a vault on the page that breaks off is lost at once", async () => {
  const { session, vault, end } = await make();
  vault.breaks = true;
  session.say({ press: 1 });
  await settle();
  assert.deepEqual(end(), { code: "closed", retryable: true });
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

test("a page that is left while a PIN is on its way does not know what becomes of it", async () => {
  const { vault, end } = await submitting();
  vault.ask();
  await settle();
  window.dispatchEvent(new Event("pagehide"));
  assert.deepEqual(end(), { code: "outcome_unknown", retryable: false });
});

test("no listener and no timer outlives a session", async () => {
  const listeners = new Set();
  const key = (target, type, listener) => [...listeners].find((one) => one.target === target && one.type === type && one.listener === listener);
  const count = (object, add, remove, targetOf) => {
    const [adds, removes] = [object[add], object[remove]];
    mock.method(object, add, function (type, listener, ...rest) {
      listeners.add({ target: targetOf(this), type, listener });
      return adds.call(this, type, listener, ...rest);
    });
    mock.method(object, remove, function (type, listener, ...rest) {
      listeners.delete(key(targetOf(this), type, listener));
      return removes.call(this, type, listener, ...rest);
    });
  };
  count(globalThis, "addEventListener", "removeEventListener", () => "window");
  count(EventTarget.prototype, "addEventListener", "removeEventListener", (target) => target);
  let ran = [];
  for (const name of ["setTimeout", "setInterval"]) {
    const set = globalThis[name];
    mock.method(globalThis, name, (callback, ms) => set(() => ran.push(ms) && callback(), ms));
  }
  const ways = {
    close: ({ session }) => session.close(),
    pagehide: () => window.dispatchEvent(new Event("pagehide")),
    end: ({ vault }) => vault.end("network", true),
    lost: ({ vault }) => vault.tell({ closed: { code: null } }),
  };
  const reach = {
    opening: async () => {
      offerWorkers();
      return make();
    },
    open: make,
    asking: async () => {
      const made = await submitting({ askControlId: () => new Promise(() => {}) });
      made.vault.ask();
      await settle();
      return made;
    },
    arrived: async () => {
      const made = await arrived();
      made.vault.tellState();
      return made;
    },
    shown: async () => {
      look({ isLookedAt: true });
      const made = await arrived();
      made.vault.tellState();
      return made;
    },
  };
  for (const [phase, begin] of Object.entries(reach)) {
    for (const [way, finish] of Object.entries(ways)) {
      if (phase === "opening" && way !== "close" && way !== "pagehide") continue;
      const made = await begin();
      assert.deepEqual([...listeners].map(({ type }) => type).sort(), ["blur", "focus", "pagehide", "visibilitychange"], `${way} while ${phase}`);
      finish(made);
      assert.ok(made.end(), `${way} while ${phase}`);
      assert.equal(listeners.size, 0, `${way} while ${phase}`);
      ran = [];
      mock.timers.tick(20 * ARRIVED_MS);
      await settle();
      assert.deepEqual(ran, [CLOSING_MS], `only the vault's last second is waited for: ${way} while ${phase}`);
      look({ isLookedAt: false });
      forgetWorkers();
    }
  }
});

test("a listener that throws breaks nothing", async () => {
  const failing = new Error("the page's own");
  const { session, vault, changes, end } = await make({
    onChange: () => {
      throw failing;
    },
  });
  vault.becomeReady();
  session.say({ press: 1 });
  await settle();
  assert.equal(session.state.digits, 1);
  session.close();
  assert.equal(end().code, "closed");
  assert.ok(changes.length >= 4);
  assert.deepEqual(globalThis.reported, changes.map(() => failing));
});

test("a listener that changes the session hears of that later, and in order", async () => {
  const order = [];
  const made = await make({
    onChange: (before, after) => {
      order.push(`${before.posted} to ${after.posted}`);
      if (after.posted === 1) {
        made.session.say({ press: 2 });
        made.session.say({ press: 3 });
      }
      order.push(`told ${after.posted}`);
    },
  });
  order.length = 0;
  made.session.say({ press: 1 });
  assert.deepEqual(order, ["0 to 1", "told 1", "1 to 2", "told 2", "2 to 3", "told 3"]);
});

test("a listener may end the session from within", async () => {
  const made = await make({ onChange: (before, after) => after.posted === 1 && made.session.close() });
  made.session.say({ press: 1 });
  await settle();
  assert.equal(made.ends(), 1);
  assert.equal(made.vault.heard.filter((message) => message === "close").length, 1);
});

test("what changes nothing is told to nobody", async () => {
  const { session, vault, changes } = await make();
  const before = changes.length;
  vault.ask();
  vault.tell({ spell: { digit: 1, place: 0 } });
  session.say("reveal");
  window.dispatchEvent(new Event("focus"));
  assert.equal(changes.length, before);
});

test("a submit is fulfilled once the server has accepted the PIN", async () => {
  const { session, vault, submit } = await submitting();
  let isDone = false;
  submit.then(() => (isDone = true));
  vault.ask();
  await settle();
  assert.equal(isDone, false);
  assert.equal(session.submit(), submit, "while it is under way, it is the same one");
  assert.equal(vault.heard.filter((message) => message === "submit").length, 1);
  vault.end(null);
  assert.equal(await submit, undefined);
  assert.equal(session.state.end.code, null);
});

test("a submit that is refused is rejected with the code, and the next one is another", async () => {
  const { session, vault, end } = await make();
  const first = session.submit();
  const error = await failure(first);
  assert.ok(error instanceof CardPinError);
  assert.deepEqual([error.code, error.retryable], ["too_short", true]);
  assert.equal(end(), null);
  vault.session.valid = true;
  const second = session.submit();
  assert.notEqual(second, first);
  await settle();
  assert.equal(session.state.phase, "submitting");
});

test("a submit is rejected with the code of the end", async () => {
  const ends = {
    close: [({ session }) => session.close(), "closed", true],
    network: [({ vault }) => vault.end("network", true), "network", true],
    rejected: [({ vault }) => vault.end("rejected", false), "rejected", false],
    lost: [({ vault }) => vault.tell({ closed: { code: null } }), "closed", true],
  };
  for (const [name, [finish, code, retryable]] of Object.entries(ends)) {
    const made = await submitting();
    finish(made);
    const error = await failure(made.submit);
    assert.ok(error instanceof CardPinError);
    assert.deepEqual([error.code, error.retryable], [code, retryable], name);
  }
});

test("a submit that waits for a vault that does not load is rejected with it", async () => {
  offerWorkers();
  const { session } = await make();
  const submit = session.submit();
  mock.timers.tick(2 * TIMEOUT_MS);
  assert.equal((await failure(submit)).code, "timeout");
});

test("a submit to a worker that does not start is refused, since the digits are lost", async () => {
  offerWorkers();
  const { session, worker, end } = await make();
  session.say({ press: 1 });
  const submit = session.submit();
  worker.fail();
  assert.equal((await failure(submit)).code, "too_short");
  await settle();
  assert.equal(end(), null);
  assert.equal(session.state.phase, "open");
  assert.deepEqual(vaults.at(-1).heard.slice(1), []);
});

test("a submit after the end is rejected", async () => {
  const { session, changes } = await make();
  session.close();
  const before = changes.length;
  assert.equal((await failure(session.submit())).code, "closed");
  assert.equal(changes.length, before);
});

test("a submit whose promise nobody handles raises no error on the page", async () => {
  const { session } = await make();
  const unhandled = mock.fn();
  process.on("unhandledRejection", unhandled);
  session.submit();
  await settle();
  session.close();
  await settle();
  process.off("unhandledRejection", unhandled);
  assert.equal(unhandled.mock.callCount(), 0);
});

test("asking for a PIN that has arrived shows it, and then there is nothing to ask for", async () => {
  const { session, vault, submit } = await arrived();
  assert.equal(session.submit(), submit);
  await settle();
  assert.equal(vault.heard.at(-1), "reveal");
  assert.equal(session.state.phase, "shown");
  assert.equal(await submit, undefined);
  assert.equal((await failure(session.submit())).code, "closed");
});

test("closing has the vault wiped, once", async () => {
  const { session, vault, end, ends } = await make();
  session.close();
  session.close();
  session.say({ press: 1 });
  await settle();
  assert.deepEqual(vault.heard.slice(1), ["close"]);
  assert.deepEqual(end(), { code: "closed", retryable: true });
  assert.equal(ends(), 1);
});
