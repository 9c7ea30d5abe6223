import assert from "node:assert/strict";
import { test } from "node:test";
import { eventsBetween, initial, isOwed, mayHaveSent, outcomeOfSubmit, reduce, takesInput } from "../session-state.js";
import { dice } from "./numbers.js";
import { snapshot } from "./snapshot.js";

const set = { views: false, isGiven: false };
const ended = (code, retryable = false) => ({ stage: "ended", end: { code, retryable }, digits: 0, valid: false });
const told = (taken, changes) => ({ type: "told", message: { state: { taken, session: snapshot(changes) } } });
const ask = { type: "told", message: "ask" };
const say = (message) => ({ type: "say", message });

/** Applies inputs, and returns the last state, all effects and all events. */
function run(options, ...inputs) {
  let state = initial(options);
  const effects = [];
  const events = [];
  for (const input of inputs) {
    const [next, more] = reduce(state, input);
    effects.push(...more);
    events.push(...eventsBetween(state, next));
    state = next;
  }
  return { state, effects, events, names: events.map(({ event }) => event) };
}

/** A session to set a PIN whose submit was accepted, and that waits for a control id. */
const submitted = [told(0), told(0, { ready: true }), say("submit"), told(1, { stage: "submitting", ready: true }), ask];
const answered = [...submitted, { type: "answer", controlId: "token" }];

test("a PIN is set", () => {
  const { names, state } = run(set, ...answered, told(2, ended(null)));
  assert.deepEqual(names, ["ready", "submitting", "set_pin_success"]);
  assert.deepEqual(state.end, { code: null, retryable: false });
});

test("a digit is passed on and never kept", () => {
  const { state, effects } = run(set, told(0), say({ press: 7 }));
  assert.deepEqual(effects, [{ do: "post", message: { press: 7 } }]);
  assert.doesNotMatch(JSON.stringify(state), /7/);
});

test("the outcome of a set that may have been sent is unknown", () => {
  for (const type of ["lost", "close"]) {
    assert.equal(run(set, ...submitted, { type }).state.end.code, "closed", "without a control id nothing was sent");
    assert.equal(run(set, ...answered, { type }).state.end.code, "outcome_unknown");
    assert.equal(run(set, ...answered, { type }).state.end.retryable, false);
    // An `advance` that the vault has not taken may have led to a submit, too.
    const given = { views: false, isGiven: true };
    assert.equal(run(given, told(0), say("advance"), { type }).state.end.code, "outcome_unknown");
    assert.equal(run(given, told(0), say("advance"), told(1), { type }).state.end.code, "closed");
    assert.equal(run(given, say({ press: 1 }), say("advance"), { type }).state.end.code, "closed", "the vault is not there yet");
    assert.equal(run(given, say({ press: 1 }), say("submit"), { type: "failed", code: "timeout" }).state.end.code, "timeout");
  }
});

test("no success is believed of what was not submitted", () => {
  assert.deepEqual(run(set, told(0), told(0, ended(null))).names, []);
  assert.deepEqual(run(set, ...submitted, told(1, ended(null))).names, ["ready", "submitting"]);
  assert.deepEqual(run({ views: true, isGiven: false }, told(0), told(0, { stage: "shown" })).names, []);
  assert.deepEqual(run(set, told(0), told(3)).state.taken, 0, "more was taken than was sent");
});

test("from submitting only the end leads out", () => {
  const { state, names } = run(set, ...answered, told(2, { stage: "entry", digits: 3 }), say({ press: 1 }), { type: "hidden" });
  assert.equal(state.phase, "submitting");
  assert.deepEqual(names, ["ready", "submitting"]);
  assert.equal(takesInput(state), false);
});

test("a refused submit is reported, and its promise is rejected", () => {
  const { state, names } = run(set, told(0), say("submit"), told(1, { refusals: 1, refused: "too_short" }));
  assert.deepEqual(names, ["set_pin_validation_error"]);
  assert.deepEqual(outcomeOfSubmit(state, 1), { code: "too_short", retryable: true });
  assert.equal(state.problem, "too_short");
  assert.equal(reduce(state, say({ press: 1 }))[0].problem, null, "typing on is the answer");
});

test("a weak PIN is reported with the rule that it breaks, and no other error has one", () => {
  const weak = told(0, { refusals: 1, refused: "weak_pin", reason: "year" });
  const short = told(0, { refusals: 2, refused: "too_short" });
  const { state, events } = run(set, told(0), weak, short);
  assert.deepEqual(events, [
    { event: "set_pin_validation_error", code: "weak_pin", reason: "year" },
    { event: "set_pin_validation_error", code: "too_short" },
  ]);
  assert.equal(state.reason, null);
  assert.equal(run(set, told(0), weak).state.reason, "year");
});

test("a PIN is drawn for the customer, and can be spelt, while the entry takes digits", () => {
  const drawn = [told(0), say("suggest"), told(1, { suggested: true })];
  const { state, effects, names } = run(set, ...drawn, say("spell"), { type: "told", message: { spell: { digit: 4, place: 0 } } });
  assert.equal(state.suggested, true);
  assert.deepEqual(effects.map((effect) => effect.message ?? effect.detail.event), ["suggest", "spell", "spell"]);
  assert.deepEqual(names, [], "no event reports it");
  assert.equal(run(set, ...drawn, told(1)).state.suggested, false);
  assert.equal(run(set, ...drawn, { type: "close" }).state.suggested, false);
  for (const left of [{ type: "looks", isLookedAt: false }, { type: "hidden" }]) {
    assert.deepEqual(run(set, ...drawn, left).effects.at(-1), { do: "post", message: "forget" });
  }
  assert.equal(run(set, ...drawn, { type: "looks", isLookedAt: true }).effects.length, 1);
  assert.deepEqual(run(set, told(0), say("spell")).effects, []);
  assert.deepEqual(run(set, ...submitted, say("suggest")).effects, run(set, ...submitted).effects);
  assert.deepEqual(run({ views: true, isGiven: false }, told(0), say("suggest")).effects, []);
});

test("a pad that is full shows no problem", () => {
  const { state, names } = run(set, told(0), say({ press: 1 }), told(1, { refusals: 1, refused: "too_long" }));
  assert.deepEqual(names, ["set_pin_validation_error"]);
  assert.equal(state.problem, null);
});

test("a new vault has none of the digits", () => {
  const { state, names } = run(set, say({ press: 1 }), say("submit"), { type: "restarted" }, told(0), say({ press: 2 }), told(1, { digits: 1 }));
  assert.deepEqual(names, ["set_pin_validation_error", "pin_valid"]);
  assert.deepEqual([state.posted, state.taken], [3, 3]);
  const viewing = run({ views: true, isGiven: false }, say("submit"), { type: "restarted" });
  assert.deepEqual(viewing.effects.map(({ message }) => message), ["submit", "submit"]);
});

test("another vault replaces one that broke off, unnoticed if nothing was typed", () => {
  const crashed = { type: "crashed", canRestart: true };
  const isUnseen = (...inputs) => {
    const { state, names, effects } = run(set, ...inputs, crashed);
    assert.deepEqual(effects.at(-1), { do: "start" });
    assert.deepEqual([state.phase, state.end, state.restarts], ["opening", null, 1]);
    return !names.includes("set_pin_validation_error");
  };
  assert.ok(isUnseen());
  assert.ok(isUnseen(told(0, { ready: true })));
  // The typed digits are lost, and are asked for again.
  assert.ok(!isUnseen(told(0), say({ press: 1 }), told(1, { digits: 1 })));
  assert.ok(!isUnseen(told(0), say({ press: 1 })));
  assert.ok(isUnseen(told(0), say("ping")));
  assert.ok(!isUnseen(told(0), say("confirm"), told(1, { step: "confirm" })));
  assert.ok(!isUnseen(told(0), say("submit"), told(1, { stage: "submitting" })));
  const { names } = run(set, told(0, { ready: true }), crashed, told(0, { ready: true }));
  assert.deepEqual(names, ["ready", "ready"], "it may be on the page now");
});

test("a PIN that is to be viewed is asked for again by the vault that takes the place of another", () => {
  const { effects } = run({ views: true, isGiven: false }, told(0), say("submit"), told(1, { stage: "submitting" }), { type: "crashed", canRestart: true });
  assert.deepEqual(effects.slice(-2), [{ do: "start" }, { do: "post", message: "submit" }]);
});

test("a second vault is not replaced, nor one that may have sent a part of a submit", () => {
  const crashed = { type: "crashed", canRestart: true };
  assert.deepEqual(run(set, told(0), crashed, told(0), crashed).state.end, { code: "closed", retryable: true });
  const given = { views: false, isGiven: true };
  assert.deepEqual(run(given, told(0, { requested: true }), crashed).state.end, { code: "closed", retryable: true }, "the control id is bound");
  assert.deepEqual(run(set, told(0, { requested: true }), crashed).state.restarts, 1, "the provider gives another");
  const viewing = { views: true, isGiven: true };
  assert.deepEqual(run(viewing, told(0, { ready: true }), crashed).state.restarts, 1, "nothing was asked for");
  const viewed = run(viewing, told(0, { ready: true }), say("submit"), told(1, { stage: "submitting", requested: true }), crashed);
  assert.deepEqual(viewed.state.end, { code: "closed", retryable: true });
  assert.deepEqual(run(given, told(0), say("submit"), crashed).state.restarts, 1);
  assert.deepEqual(run(set, ...answered, crashed).state.restarts, 1);
  assert.deepEqual(run(set, ...answered, told(2, { stage: "submitting", sent: true }), crashed).state.end?.code, "outcome_unknown");
  const last = { type: "crashed", canRestart: false };
  assert.deepEqual(run(set, ...answered, last).state.end, { code: "closed", retryable: true }, "it reports the sending before it sends");
  const arrived = [told(0), say("submit"), told(1, { stage: "submitting" }), told(1, { stage: "arrived" })];
  assert.deepEqual(run({ views: true, isGiven: true }, ...arrived, crashed).state.end?.code, "closed");
  const shown = [...arrived, { type: "looks", isLookedAt: true }, told(2, { stage: "shown" }), crashed];
  assert.deepEqual(run({ views: true, isGiven: true }, ...shown).state.end?.code, null);
});

test("a PIN is shown while the customer looks, and hidden otherwise", () => {
  const asked = { type: "say", message: "submit" };
  const arrived = [told(0, {}), asked, told(1, { stage: "submitting" }), told(1, { stage: "arrived" })];
  const given = { views: true, isGiven: true };
  const looks = (isLookedAt) => ({ type: "looks", isLookedAt });
  assert.deepEqual(run(given, told(0, {}), told(0, { stage: "submitting" })).state.phase, "open");
  assert.deepEqual(run(given, ...arrived).effects.at(-1), { do: "look" });
  assert.deepEqual(run(given, ...arrived, looks(false)).state.phase, "arrived");
  assert.deepEqual(run(given, ...arrived, { type: "hidden" }).names, ["submitting", "view_pin_error"]);
  const shown = [...arrived, looks(true), told(2, { stage: "shown" })];
  for (const end of [looks(false), { type: "hidden" }, { type: "lost" }, { type: "close" }, told(2, ended(null))]) {
    assert.deepEqual(run(given, ...shown, end).names, ["submitting", "view_pin_success", "hidden"]);
  }
});

test("spelt digits are reported while a PIN is shown, and at no other time", () => {
  const spell = { type: "told", message: { spell: { digit: 4, place: 0 } } };
  assert.deepEqual(run(set, ...submitted, spell).effects.filter(({ do: what }) => what === "tell"), []);
});

test("a busy server is waited for", () => {
  const { state } = run(set, ...answered, told(2, { stage: "submitting", ready: true, waitsSeconds: 3 }));
  assert.equal(state.waitsSeconds, 3);
});

test("after any input, a session ends once and reports it once", () => {
  const stages = ["entry", "submitting", "arrived", "shown", "ended"];
  let ends = 0;
  for (let seed = 1; seed <= 1000; seed += 1) {
    const roll = dice(seed);
    const pick = (...choices) => choices[roll(choices.length)];
    let state = initial({ views: pick(true, false), isGiven: pick(true, false) });
    let terminal = 0;
    let starts = 0;
    for (let step = 0; step < 40; step += 1) {
      const stage = pick(...stages);
      const end = stage === "ended" ? pick({ code: null, retryable: false }, { code: "network", retryable: true }) : null;
      const snapshot = { stage, end, ready: pick(true, false), digits: roll(5), valid: pick(true, false), refusals: roll(3), sent: stage === "submitting" && pick(true, false) };
      const input = pick(
        told(pick(Math.max(0, state.posted - state.before), roll(4)), { ...snapshot, refused: "weak_pin", reason: pick("run", "personal") }),
        ask,
        { type: "told", message: { spell: { digit: roll(10), place: 0 } } },
        { type: "told", message: { closed: { code: pick(null, "network") } } },
        say(pick("erase", "clear", "confirm", "advance", "submit", "spell", "reveal", "ping", { press: roll(10) })),
        { type: "answer", controlId: pick("token", null) },
        { type: "looks", isLookedAt: pick(true, false) },
        ...[{ type: "hidden" }, { type: "restarted" }, { type: "crashed", canRestart: pick(true, false) }, { type: "lost" }, { type: "close" }, { type: "failed", code: "timeout" }],
      );
      const wasSent = input.type === "crashed" ? state.sent && !state.end : mayHaveSent(state);
      const mayShow = state.phase === "arrived" || state.phase === "shown";
      const [next, effects] = reduce(state, input);
      const events = eventsBetween(state, next);
      if (effects.some(({ do: what }) => what === "start")) {
        assert.ok(!wasSent && !mayShow && starts === 0, `seed ${seed}: a vault took the place of one that may have sent`);
        starts += 1;
      }
      if (state.end) {
        assert.deepEqual([next, effects, events], [state, [], []], `seed ${seed}: something came after the end`);
      }
      const names = events.map(({ event }) => event);
      const isTerminal = ["set_pin_success", "set_pin_error", "view_pin_error", "hidden"];
      terminal += names.filter((name) => isTerminal.includes(name)).length;
      assert.equal(terminal, next.end ? 1 : 0, `seed ${seed}: an end that is not told once`);
      assert.equal(effects.some(({ do: what }) => what === "end"), next.end !== null && state.end === null);
      if (next.end && wasSent && !("message" in input)) assert.equal(next.end.code, "outcome_unknown", `seed ${seed}: ${JSON.stringify([input, state])}`);
      if (state.phase === "submitting" && input.type !== "restarted" && input.type !== "crashed") {
        assert.ok(["submitting", "arrived", "ended"].includes(next.phase), `seed ${seed}: ${next.phase} after submitting`);
      }
      if (next.phase === "shown") assert.ok(state.phase === "arrived" || state.phase === "shown");
      assert.ok(next.taken <= next.posted);
      assert.ok(!next.end || (next.digits === 0 && !next.valid && !isOwed(next)));
      state = next;
    }
    if (state.end) ends += 1;
  }
  assert.ok(ends > 500, `${ends} sessions ended`);
});

test("the reason of a refusal stays until the entry changes", () => {
  const refused = told(1, { refusals: 1, refused: "weak_pin" });
  const typed = [told(0, {}), { type: "say", message: { press: 4 } }];
  const enter = { type: "say", message: "advance" };
  const problemAfter = (...inputs) => run(set, ...typed, ...inputs).state.problem;
  assert.equal(problemAfter(refused), "weak_pin");
  assert.equal(problemAfter(refused, enter), "weak_pin");
  assert.equal(problemAfter(enter, refused), "weak_pin");
  assert.equal(problemAfter(refused, enter, told(2, { refusals: 1, refused: "weak_pin" })), "weak_pin");
  for (const message of [{ press: 1 }, "erase", "clear", "forget"]) assert.equal(problemAfter(refused, { type: "say", message }), null);
  assert.equal(problemAfter(refused, told(1, { refusals: 1, refused: "weak_pin", step: "confirm" })), null);
});

test("a control id that runs out ends what is not submitted, and nothing else", () => {
  const left = (seconds) => ({ type: "timeLeft", seconds });
  const given = initial({ views: false, isGiven: true });
  const open = [told(0, {}), left(60)];
  assert.equal(run(given, ...open).state.timeLeft, 60);
  assert.equal(run(given, ...open, { type: "restarted" }).state.timeLeft, 60);
  assert.deepEqual(run(given, ...open, left(0)).state.end, { code: "control_id_expired", retryable: true });
  assert.equal(run(given, left(0)).state.end?.code, "control_id_expired", "not even the vault is there");
  const submit = { type: "say", message: "submit" };
  for (const inputs of [[submit], [submit, told(1, { stage: "submitting", ready: true })]]) {
    const { state } = run(given, ...open, ...inputs, left(0));
    assert.deepEqual([state.end, state.timeLeft], [null, null]);
  }
});

test("the time that is left is said at first, and once more while there is enough of it", () => {
  const saidOf = (...steps) => {
    let state = initial({ views: false, isGiven: true });
    const said = steps.map((seconds) => (state = reduce(state, { type: "timeLeft", seconds })[0]).timeLeftSaid);
    return steps.filter((seconds, at) => said[at] === seconds);
  };
  assert.deepEqual(saidOf(60, 50, 40, 30, 20, 10), [60, 20]);
  assert.deepEqual(saidOf(50, 40, 30, 20, 10), [50, 20]);
  assert.deepEqual(saidOf(20, 10), [20]);
  assert.deepEqual(saidOf(10), [10]);
});

test("an entry has had digits until there is another entry", () => {
  const typed = [told(0), say({ press: 4 }), told(1, { digits: 1 })];
  assert.equal(run(set, told(0)).state.wasTyped, false);
  assert.equal(run(set, ...typed, told(1, { digits: 0 })).state.wasTyped, true);
  assert.equal(run(set, ...typed, told(1, { digits: 0, step: "confirm" })).state.wasTyped, false);
});

test("a wait is slow until there is news", () => {
  const { state } = run(set, ...answered, { type: "slow" });
  assert.equal(state.isSlow, true);
  assert.equal(run(set, ...answered, { type: "slow" }, told(2, ended(null))).state.isSlow, false);
});

test("the seconds of a shown PIN are counted down, and a vault that does not hide it then is not waited for", () => {
  const view = { views: true, isGiven: false };
  const shown = [told(0), say("submit"), told(1, { stage: "submitting" }), told(1, { stage: "arrived" }), told(1, { stage: "shown" })];
  const after = (seconds) => run(view, ...shown, { type: "shownFor", seconds }).state;
  assert.deepEqual([after(1).secondsLeft, after(30).secondsLeft, after(30).end], [29, 0, null]);
  assert.deepEqual(after(31).end, { code: null, retryable: false });
  const drawn = [told(0), say("suggest"), told(1, { suggested: true })];
  const suggested = (seconds) => run(set, ...drawn, { type: "shownFor", seconds });
  assert.deepEqual([suggested(30).state.suggested, suggested(30).state.secondsLeft], [true, 30], "it is entered, and not counted down");
  const hidden = suggested(31);
  assert.deepEqual([hidden.state.suggested, hidden.state.end, hidden.effects.at(-1)], [false, null, { do: "post", message: "forget" }]);
  assert.ok(isOwed(hidden.state), "a vault that is dead is noticed");
  const isShown = (...more) => run(set, ...drawn, say("suggest"), ...more).state.suggested;
  assert.deepEqual([isShown(), isShown(told(2, { suggested: true }))], [false, true], "the time of another one begins anew");
});

test("a key that is not a digit's is answered in words, and by no event", () => {
  const { state, names, effects } = run(set, told(0), { type: "letter" });
  assert.deepEqual([state.problem, names, effects], ["not_digits", [], []]);
  assert.equal(run(set, told(0), { type: "letter" }, say({ press: 4 })).state.problem, null);
});
