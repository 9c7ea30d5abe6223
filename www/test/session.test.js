import "./page.js";
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { loading, vaults } from "./fake-vault.js";
import { forgetWorkers, offerWorkers } from "./fake-worker.js";
import { TIMEOUT_MS, ARRIVED_MS, CLOSING_MS, answers, arrived, failure, look, make, pass, settle, submitting } from "./run-session.js";

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

test("a vault that breaks off while it opens leaves no deadline behind", async () => {
  loading.breaks = true;
  const started = make();
  await Promise.resolve();
  loading.breaks = false;
  const { session, end } = await started;
  await settle();
  assert.equal(session.state.restarts, 1);
  assert.equal(session.state.phase, "open");
  await pass(3 * TIMEOUT_MS);
  assert.equal(end(), null);
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

test("the customer's input goes to the vault", async () => {
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

test("an answer to one vault does not go to the vault that takes its place", async () => {
  const given = [];
  const { session, vault } = await submitting({ askControlId: () => new Promise((resolve) => given.push(resolve)) });
  vault.ask();
  await settle();
  vault.breaks = true;
  session.say("ping");
  await settle();
  const other = vaults.at(-1);
  other.becomeReady();
  other.session.valid = true;
  session.submit().catch(() => {});
  await settle();
  other.ask();
  await settle();
  given[0]("old");
  await settle();
  assert.deepEqual(answers(other), []);
  given[1]("new");
  await settle();
  assert.deepEqual(answers(other), ["new"]);
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

test("no listener and no timer outlives a session", async () => {
  // jsdom listens, too, once it has computed a style.
  getComputedStyle(document.body.appendChild(document.createElement("canvas")));
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

test("input that changes nothing causes no event", async () => {
  const { session, vault, changes } = await make();
  const before = changes.length;
  vault.ask();
  vault.tell({ spell: { digit: 1, place: 0 } });
  session.say("reveal");
  window.dispatchEvent(new Event("focus"));
  assert.equal(changes.length, before);
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

test("a provider that fails after the end has made no mistake", async () => {
  mock.method(console, "warn", () => {});
  for (const isOver of [true, false]) {
    let reject;
    const askControlId = () => new Promise((...settlers) => ([, reject] = settlers));
    const { session, vault } = await submitting({ askControlId, options: { hints: "on" } });
    vault.ask();
    await settle();
    if (isOver) session.close();
    reject(isOver ? new RangeError() : new TypeError());
    await settle();
  }
  const isHinted = (name) => console.warn.mock.calls.some(({ arguments: [text] }) => text.includes(`controlIdProvider threw ${name}`));
  // The texts of hints are loaded, and an earlier hint comes first.
  while (!isHinted("TypeError")) await settle();
  assert.ok(!isHinted("RangeError"));
});
