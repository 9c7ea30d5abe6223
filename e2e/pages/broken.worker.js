// A worker that is not a vault: it sends messages that a vault never sends, or only sends at another time.

const session = (changes = {}) => ({
  stage: "entry",
  ready: false,
  step: "entry",
  digits: 0,
  valid: false,
  refusals: 0,
  refused: null,
  reason: null,
  waitsSeconds: null,
  requested: false,
  sent: false,
  checking: false,
  suggested: false,
  end: null,
  ...changes,
});
const state = (changes, taken = 0) => ({ state: { taken, session: session(changes) } });
const without = (field) => {
  const rest = session();
  delete rest[field];
  return { state: { taken: 0, session: rest } };
};

const bad = [
  ...[undefined, null, 7, "ready", "Ask", true, [], ["ask"], {}, new Date(), 4n, "x".repeat(1_000_000)],
  ...[undefined, null, 7, "ask", [], {}, { taken: 0 }, { session: session() }].map((content) => ({ state: content })),
  ...["0", -1, 1.5, NaN, null].map((taken) => state({}, taken)),
  ...Object.keys(session()).map(without),
  ...[undefined, null, "", "third", "__proto__", ["entry"], 1].flatMap((name) => [state({ stage: name }), state({ step: name })]),
  ...[undefined, null, "yes", 1].flatMap((flag) => [state({ ready: flag }), state({ valid: flag }), state({ requested: flag }), state({ sent: flag }), state({ checking: flag }), state({ suggested: flag })]),
  ...[undefined, "4", -1, 1.5, 1e9, NaN].map((digits) => state({ digits })),
  ...[undefined, "4", -1, null].map((refusals) => state({ refusals })),
  ...[undefined, 7, ["weak_pin"]].map((refused) => state({ refused, refusals: 1 })),
  ...[undefined, 7, "1987", ["run"]].map((reason) => state({ reason, refused: "weak_pin", refusals: 1 })),
  ...[undefined, "4", -1].map((waitsSeconds) => state({ waitsSeconds })),
  ...[undefined, "over", {}, { code: 7, retryable: true }, { code: "network" }].map((end) => state({ stage: "ended", end })),
  { state: { taken: 0, session: session() }, closed: { code: null } },
  ...[true, null, {}, { code: 7 }].map((closed) => ({ closed })),
  ...[4, {}, { digit: "4", place: 0 }, { digit: 10, place: 0 }, { digit: 4, place: -1 }].map((spell) => ({ spell })),
  // These belong to the other operation, or come before there was a submit.
  "ask",
  { spell: { digit: 4, place: 0 } },
  ...["submitting", "arrived", "shown"].map((stage) => state({ stage })),
  state({ stage: "ended", end: { code: null, retryable: false } }),
];

addEventListener("message", ({ data }) => {
  if (data.open) {
    for (const message of bad) postMessage(message);
    postMessage(state({ ready: true }));
  } else if (data === "erase") {
    for (const message of bad) postMessage(message);
    postMessage(state({ stage: "ended", end: { code: "server_error", retryable: true } }, 1));
    // After the end, nothing counts.
    postMessage(state({ stage: "ended", end: { code: null, retryable: false } }, 1));
    postMessage(state({ ready: true }, 1));
  }
});
