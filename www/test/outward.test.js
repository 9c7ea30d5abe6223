import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { isDigit, readOutward } from "../outward.js";
import { snapshot } from "./snapshot.js";

const session = snapshot();
const state = (changes = {}, taken = 0) => ({ state: { taken, session: snapshot(changes) } });
const good = [
  "ask",
  state(),
  state({ stage: "ended", end: { code: "network", retryable: true } }),
  state({ waitsSeconds: 30, refused: "weak_pin", reason: "repeat", refusals: 1 }, 7),
  ...["run", "year", "pattern", "common", "personal"].map((reason) => state({ reason })),
  { spell: { digit: 9, place: 11 } },
  { spell: { digit: null, place: 4 } },
  { closed: { code: null } },
  { closed: { code: "vault_missing" } },
];

afterEach(() => {
  for (const name of Object.keys(Object.prototype)) delete Object.prototype[name];
});

test("messages of the vault are read", () => {
  for (const message of good) assert.deepEqual(JSON.parse(JSON.stringify(readOutward(message))), message);
});

test("anything else is not a message", () => {
  const bad = [
    ...[undefined, null, true, 7, 4n, "", "asks", "state", [], {}, new Date(), new Map(), () => {}],
    ...[{ ask: true }, { state: null }, { state: {} }, { ...state(), spell: { digit: 1, place: 0 } }, { toString: {} }],
    ...[-1, 1.5, "0", NaN, null].map((taken) => state({}, taken)),
    ...Object.keys(session).map((name) => state({ [name]: undefined })),
    ...Object.keys(session).map((name) => state({ [name]: Symbol.iterator })),
    ...[13, -1, "4"].map((digits) => state({ digits })),
    ...["", "1987", "weak", "toString", 4, ["run"]].map((reason) => state({ reason })),
    ...["third", "prototype", null].map((stage) => state({ stage })),
    ...[{}, { code: null }, { code: 7, retryable: true }, { code: "a b", retryable: true }, []].map((end) => state({ end })),
    state({ more: 1 }),
    ...[10, -1, 1.5, "4", [4]].map((digit) => ({ spell: { digit, place: 0 } })),
    ...[undefined, 7, "<b>", "x".repeat(100)].map((code) => ({ closed: { code } })),
  ];
  for (const message of bad) assert.equal(readOutward(message), undefined, String(message && Object.keys(Object(message))));
});

test("a property that a script put on Object.prototype is not part of a message", () => {
  const polluted = { ask: true, state: good[1].state, closed: { code: null }, spell: { digit: 1, place: 0 }, end: session.end };
  Object.assign(Object.prototype, polluted, { code: "network", retryable: true, stage: "ended", taken: 0, session });
  assert.equal(readOutward({}), undefined);
  assert.equal(readOutward({ state: {} }), undefined);
  assert.equal(readOutward({ closed: {} }), undefined);
  const { end, ...without } = session;
  assert.equal(readOutward({ state: { taken: 0, session: without } }), undefined);
  assert.equal(Object.getPrototypeOf(readOutward(state()).state.session), null);
});

test("a digit is a whole number from 0 to 9", () => {
  for (let digit = 0; digit <= 9; digit += 1) assert.ok(isDigit(digit));
  for (const other of [-1, 10, 1.5, NaN, Infinity, "1", null, undefined, 1n, [1], { valueOf: () => 1 }]) assert.ok(!isDigit(other));
});
