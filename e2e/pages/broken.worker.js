// A worker that is no vault: it says what no vault says, and what a vault says at another time.
const bad = [
  ...[undefined, null, 7, "ready", true, [], ["ready"], {}, new Date(), 4n, "x".repeat(1_000_000)],
  ...[undefined, null, 7, "", "__proto__", "constructor", "submitting", "spell", "hidden", ["ready"]].map((event) => ({ event })),
  ...[undefined, "yes", 1].map((pin_valid) => ({ event: "pin_valid", pin_valid, digits: 4, step: "entry" })),
  ...[undefined, "4", -1, 1.5, 13, 1e9, NaN].map((digits) => ({ event: "pin_valid", pin_valid: true, digits, step: "entry" })),
  ...[undefined, "third", 1].map((step) => ({ event: "pin_valid", pin_valid: true, digits: 4, step })),
  ...[{}, { code: 7 }, { code: "weak_pin", submit: "no" }].map((fields) => ({ event: "set_pin_validation_error", ...fields })),
  ...[{}, { code: 7, retryable: true }, { code: "network" }].map((fields) => ({ event: "set_pin_error", ...fields })),
  // Of the other operation, or before there was a submit.
  ...["set_pin_success", "view_pin_success"].map((event) => ({ event })),
  { event: "view_pin_error", code: "network", retryable: true },
  ...[{ ask: "controlId" }, { ask: "pin" }, { spell: 4, place: 0 }, { spell: "4", place: 0 }, { hidden: true }, { closed: true }],
  ...[{ crashed: true }, { started: true }, { started: true }, { opened: true }, { submitting: 1 }],
];

addEventListener("message", ({ data }) => {
  if (data.do === "open") {
    for (const message of bad) postMessage(message);
    postMessage({ event: "ready" });
  } else if (data.do === "erase") {
    for (const message of bad) postMessage(message);
    postMessage({ event: "set_pin_error", code: "server_error", retryable: true });
    // After the end, nothing counts.
    postMessage({ event: "set_pin_success" });
    postMessage({ event: "ready" });
  }
});
