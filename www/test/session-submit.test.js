import "./page.js";
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { CardPinError } from "../error.js";
import { loading, vaults } from "./fake-vault.js";
import { offerWorkers, workers } from "./fake-worker.js";
import {
  TIMEOUT_MS, SLOW_MS, BEATS, MISSED_BEATS, answers, arrived, failure, fill, make, makeView, pass, settle, submitting,
} from "./run-session.js";
import { snapshot } from "./snapshot.js";

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
    const { vault, end, session } = await start();
    vault.isSilent = true;
    await pass(MISSED_BEATS * beat - 1, beat);
    assert.equal(session.state.restarts, 0);
    await pass(1);
    assert.equal(session.state.restarts, 1, "another one takes its place");
    const other = isolation === "page" ? vaults.at(-1) : fill(workers.at(-1));
    await settle();
    assert.notEqual(other, vault);
    assert.equal(session.state.phase, "open");
    other.isSilent = true;
    await pass(MISSED_BEATS * beat - 1, beat);
    assert.equal(end(), null);
    await pass(1);
    assert.deepEqual(end(), { code: "closed", retryable: true });
    assert.ok(workers.every((worker) => worker.isTerminated), "it cannot wake and send");
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
  worker.say({ state: { taken: 0, session: snapshot() } });
  await pass((MISSED_BEATS - 1) * BEATS.worker, BEATS.worker);
  assert.deepEqual(worker.heard.slice(2), ["ping"]);
  assert.equal(end(), null);
});

test("a vault on the page is asked each time, because it reports a failure by throwing", async () => {
  const { session, vault, end } = await make();
  vault.isSilent = true;
  session.say({ press: 1 });
  await settle();
  vault.breaks = true;
  await pass(BEATS.page);
  assert.deepEqual([end(), session.state.restarts], [null, 1]);
});

test("the outcome of a sent PIN is unknown if the vault gives no sign of life", async () => {
  const { vault, end, session, submit } = await submitting();
  vault.ask();
  await settle();
  assert.ok(session.mayHaveSent);
  vault.session.sent = true;
  vault.tellState();
  vault.isSilent = true;
  await pass(MISSED_BEATS * BEATS.page, BEATS.page);
  assert.deepEqual(end(), { code: "outcome_unknown", retryable: false });
  assert.equal((await failure(submit)).code, "outcome_unknown");
  assert.ok(!session.mayHaveSent);
});

test("another vault on the page takes the place of one that breaks off, once, and asks for the digits", async () => {
  const { session, vault, end } = await make();
  vault.breaks = true;
  session.say({ press: 1 });
  await settle();
  const other = vaults.at(-1);
  assert.notEqual(other, vault);
  const { phase, refused, digits } = session.state;
  assert.deepEqual({ phase, refused, digits }, { phase: "open", refused: "too_short", digits: 0 });
  other.breaks = true;
  session.say({ press: 1 });
  await settle();
  assert.deepEqual(end(), { code: "closed", retryable: true });
});

test("another vault takes the place of one that closes unasked, unseen, and once", async () => {
  const { session, changes, vault, end, ends } = await make();
  vault.end("closed", true);
  await settle();
  const other = vaults.at(-1);
  assert.notEqual(other, vault);
  assert.deepEqual([session.state.phase, end(), changes.filter(([before, after]) => after.refusals > before.refusals).length], ["open", null, 0]);
  other.becomeReady();
  assert.equal(session.state.ready, true);
  other.end("closed", true);
  await settle();
  assert.deepEqual([end(), ends(), vaults.length], [{ code: "closed", retryable: true }, 1, 2]);
});

test("a vault that has the page's only canvas is not replaced, and what it says of its end is believed", async () => {
  offerWorkers();
  const canvas = document.createElement("canvas");
  canvas.transferControlToOffscreen = () => canvas;
  const setting = { operation: "set-pin", tzpkUrl: "/tzpk", setUrl: "/set", controlId: "given", controlIdProvider: undefined };
  const { session, worker, end } = await make({ canvas, options: setting });
  const vault = fill(worker);
  await settle();
  session.say("suggest");
  for (const press of [4, 8, 2, 6, 4, 8, 2, 6]) session.say({ press });
  session.say("submit");
  await settle();
  assert.equal(session.state.phase, "submitting");
  vault.end("closed", true);
  await settle();
  assert.deepEqual([end(), workers.length], [{ code: "closed", retryable: true }, 1]);
});

test("a PIN that nobody looked at in time is not asked for again by another vault", async () => {
  const { session, vault, end } = await makeView();
  session.say("submit");
  await settle();
  vault.arrive();
  vault.end("closed", true);
  await settle();
  assert.deepEqual([end(), vaults.length], [{ code: "closed", retryable: true }, 1]);
});

test("a vault that takes the place of another has as long to open", async () => {
  const { session, vault, end } = await make();
  loading.never = true;
  vault.breaks = true;
  session.say({ press: 1 });
  await settle();
  await pass(2 * TIMEOUT_MS - 1);
  assert.equal(end(), null);
  await pass(1);
  assert.deepEqual(end(), { code: "timeout", retryable: true });
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
