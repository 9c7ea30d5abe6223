import { PinSession } from "./card-pin.js";

const EVENTS = [
  ...["ready", "submitting", "pin_valid", "set_pin_validation_error", "set_pin_success", "set_pin_error"],
  ...["view_pin_success", "view_pin_error"],
];

/** The outcome of each session, by its name. */
window.outcomes = {};

/**
 * Runs a session from beginning to end: enters the digits twice and submits, or only waits if `digits` is null. `outcomes[name]`
 * exists when the session has ended, or the PIN is shown.
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
    // Waits for a moment, in case another event comes.
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

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Plays a customer: takes one step after the other, some of which are refused submits, and then submits. With `closeAfter`, the
 * session is closed this many milliseconds after the submit.
 */
window.play = async ({ name, controlId, provide, steps, closeAfter, ...options }) => {
  const told = [];
  const source = provide ? { controlIdProvider: () => pause(provide).then(() => controlId) } : { controlId };
  const session = new PinSession({ ...options, ...source });
  for (const event of EVENTS) session.addEventListener(event, ({ detail }) => told.push(detail));
  const wrong = [];
  for (const step of steps) {
    if (session.state !== "preparing" && session.state !== "ready") break;
    if (typeof step === "number") session.press(step);
    else if (typeof step === "string") session[step]();
    else if ("pause" in step) await pause(step.pause);
    else if ("junk" in step) {
      try {
        session.press(step.junk);
        wrong.push(`took ${step.junk}`);
      } catch ({ code }) {
        if (code !== "not_digits") wrong.push(code);
      }
    } else {
      const code = await session.setPin().then(() => "fulfilled", ({ code }) => code);
      if (session.state !== "failed" && code !== step.refused) wrong.push(`${code} instead of ${step.refused}`);
    }
  }
  const isOver = session.state === "failed";
  const submits = isOver ? [] : [session.setPin(), session.setPin()];
  if (closeAfter !== null) setTimeout(() => session.close(), closeAfter);
  const settled = await Promise.all(submits.map((submit) => submit.then(() => "fulfilled", ({ code }) => code)));
  await pause(50);
  const { state } = session;
  session.close();
  window.outcomes[name] = { told, wrong, settled, state, left: session.digits };
};
