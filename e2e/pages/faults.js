import { PinSession } from "./card-pin.js";

const EVENTS = [
  ...["ready", "submitting", "pin_valid", "set_pin_validation_error", "set_pin_success", "set_pin_error"],
  ...["view_pin_success", "view_pin_error"],
];

/** What became of each session, by its name. */
window.outcomes = {};

/**
 * Runs a session from beginning to end: digits twice and the submit, or with a null for digits nothing but the waiting.
 * `outcomes[name]` is there when the session has ended, or the PIN is shown.
 */
window.begin = async ({ name, controlId, provide, patient, digits, ...options }) => {
  const told = [];
  const canvas = options.operation === "view-pin" ? document.createElement("canvas") : undefined;
  const source = provide ? { controlIdProvider: async () => controlId } : { controlId };
  const session = new PinSession({ ...options, ...source, canvas });
  const over = new Promise((resolve) => {
    for (const event of EVENTS) {
      session.addEventListener(event, ({ detail }) => {
        told.push(detail);
        if (/^(set|view)_pin_(success|error)$/.test(event)) resolve(undefined);
      });
    }
  });
  /** @type {Promise<unknown>} */
  let settled = Promise.resolve("not asked");
  if (patient && provide) await new Promise((resolve) => session.addEventListener("ready", resolve));
  if (digits) {
    for (const round of [digits, digits]) for (const digit of round) session.press(Number(digit));
  }
  if (digits !== null) {
    const submit = canvas ? session.viewPin() : session.setPin();
    settled = submit.then(() => "fulfilled", ({ code }) => code);
  }
  over.then(async () => {
    const { state, digits: left, isolation } = session;
    // Whatever else might come has a moment for it.
    await new Promise((resolve) => setTimeout(resolve, 50));
    let late = "taken";
    try {
      session.press(1);
    } catch ({ code }) {
      late = code;
    }
    session.close();
    window.outcomes[name] = { told, settled: await settled, state, left, late, isolation };
  });
};
