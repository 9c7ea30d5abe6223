// @ts-check

/**
 * The state of one session on the page: a pure function from a state and an input to the next state and its effects.
 *
 * It owns the two rules of a session: it ends exactly once, and after an accepted submit comes only the end. There is one
 * exception: if the vault broke off before it sent the PIN, the customer is asked for it again. It has no DOM, worker or timer
 * (`session.js` has), and no digit: a press is passed on as an effect, and never stored.
 */

/** @import {End, ErrorCode, Inward, Outward, Snapshot} from "./protocol.d.ts" */

/**
 * - `opening`: the vault has not sent a message yet; the customer's input waits for it
 * - `open`: the customer may type, or ask for the PIN
 * - `submitting`: a submit was accepted
 * - `arrived`: the PIN to be shown has arrived, and is shown once the customer looks
 * - `shown`, `ended`
 * @typedef {"opening" | "open" | "submitting" | "arrived" | "shown" | "ended"} Phase
 */

/**
 * @typedef {object} SessionState
 * @property {boolean} views whether the PIN is viewed instead of set
 * @property {boolean} isGiven whether the control id was given at the start
 * @property {Phase} phase
 * @property {boolean} ready whether a submit would be sent at once
 * @property {"entry" | "confirm"} step
 * @property {number} digits
 * @property {boolean} valid
 * @property {number} refusals how many refusals were reported
 * @property {string | null} refused the code of the last refusal
 * @property {string | null} reason the rule that the PIN breaks, if the code is `weak_pin`
 * @property {string | null} problem the code of the refusal that the customer has not answered yet by typing
 * @property {number | null} waitsSeconds how long the session waits for a busy server
 * @property {boolean} isSlow whether the submit takes long, so that the customer is told
 * @property {boolean} requested whether the vault reports that it sends or has sent a public key
 * @property {boolean} sent whether the vault reports that it sends or has sent the PIN
 * @property {boolean} checking whether the outcome is looked up
 * @property {boolean} wasTyped whether this entry has had digits
 * @property {number | null} timeLeft seconds until the given control id expires, once there are few
 * @property {number | null} timeLeftSaid the last of them that the customer is told aloud
 * @property {number} secondsLeft how long the PIN is still shown
 * @property {boolean} suggested whether a PIN that was drawn for the customer is shown
 * @property {End | null} end
 * @property {number} posted how many messages were sent to the vault
 * @property {number} taken how many of them it has accepted
 * @property {number} before how many had been sent when this vault was started
 * @property {number} restarts how many vaults replaced one that broke off
 * @property {number} vaultRefusals how many refusals this vault has counted
 * @property {number} press the number of the last message with a digit; 0 if there was none
 * @property {number} submit the number of the last message that asks for a submit; 0 if there was none
 * @property {number} advance the number of the last message that may lead to one; 0 if there was none
 * @property {boolean} isAsked whether the vault waits for a control id
 * @property {boolean} isAnswered whether its last question for one was answered
 */

/**
 * @typedef {{type: "told", message: Outward}
 *   | {type: "say", message: Inward}
 *   | {type: "answer", controlId: string | null}
 *   | {type: "looks", isLookedAt: boolean}
 *   | {type: "letter"} | {type: "slow"} | {type: "shownFor", seconds: number} | {type: "timeLeft", seconds: number}
 *   | {type: "hidden"} | {type: "restarted"} | {type: "lost"} | {type: "close"}
 *   | {type: "crashed", canRestart: boolean}
 *   | {type: "failed", code: string}} Input
 */

/**
 * `post` goes to the vault; `start` starts another one; `ask` asks the page for a control id; `look` asks whether somebody looks; `end` closes the vault.
 * @typedef {{do: "post", message: Inward} | {do: "start"} | {do: "ask"} | {do: "look"} | {do: "end"} | {do: "tell", detail: EventDetail}} Effect
 */

/** @typedef {{event: string, [field: string]: unknown}} EventDetail */

/** The codes after which a new control id does not help: as in `src/error.rs`, where a test compares them. */
const FINAL = ["outcome_unknown", "rejected", "entropy_unavailable", "not_allowed", "isolation_unavailable", "vault_missing", "wasm_unavailable"];
/** The messages that change an entry. */
const EDITS = ["erase", "clear", "forget", "confirm", "advance", "suggest"];
/** The messages that clear a refusal: another entry. Asking for the next step again does not. */
const ANSWERS = ["erase", "clear", "forget", "suggest"];
/** How many seconds before a control id expires the customer is told for the last time. */
const LAST_SECONDS = 20;
/** How long a PIN is shown: as in `src/web/driver.rs`. */
export const SHOWN_SECONDS = 30;

/**
 * @param {{views: boolean, isGiven: boolean}} session
 * @returns {SessionState}
 */
export const initial = ({ views, isGiven }) => ({
  views,
  isGiven,
  phase: "opening",
  ready: false,
  step: "entry",
  digits: 0,
  valid: false,
  refusals: 0,
  refused: null,
  reason: null,
  problem: null,
  waitsSeconds: null,
  requested: false,
  sent: false,
  checking: false,
  wasTyped: false,
  timeLeft: null,
  timeLeftSaid: null,
  isSlow: false,
  secondsLeft: SHOWN_SECONDS,
  suggested: false,
  end: null,
  posted: 0,
  taken: 0,
  before: 0,
  restarts: 0,
  vaultRefusals: 0,
  press: 0,
  submit: 0,
  advance: 0,
  isAsked: false,
  isAnswered: false,
});

/** Whether the customer may type, or ask for the PIN. @param {SessionState} state */
const isOpen = ({ phase }) => phase === "opening" || phase === "open";

/** Whether the pad accepts digits. @param {SessionState} state */
export const takesInput = (state) => !state.views && isOpen(state) && state.submit <= state.taken;

/** Whether there is a PIN on the canvas. @param {SessionState} state */
export const showsPin = ({ phase, suggested }) => phase === "shown" || suggested;

/** Whether a submit was accepted, or may have been. @param {SessionState} state */
const maySubmit = ({ phase, submit, advance, taken }) => phase === "submitting" || submit > taken || advance > taken;

/**
 * Whether the PIN may be on its way to the server, so that only the vault can know whether it is set. A vault that has not sent a
 * message yet, or has no control id, has sent nothing.
 * @param {SessionState} state
 */
export const mayHaveSent = (state) =>
  !state.views && !state.end && state.phase !== "opening" && maySubmit(state) && (state.isGiven || state.isAnswered);

/**
 * Whether another vault may replace one that broke off: once, and only if no PIN was sent or has arrived to be viewed, and
 * no given control id is bound to a lost key. All messages that a vault sent before it broke off have arrived.
 * @param {SessionState} state
 */
const canStartAgain = ({ restarts, sent, phase, isGiven, requested }) =>
  restarts === 0 && !sent && !(isGiven && requested) && phase !== "arrived" && phase !== "shown";

/** Whether the vault owes an answer, an end, or a key, and has to show that it is alive. @param {SessionState} state */
export const isOwed = ({ phase, posted, taken, ready }) =>
  phase !== "opening" && phase !== "ended" && (posted > taken || phase !== "open" || !ready);

/**
 * The outcome of a submit.
 * @param {SessionState} state
 * @param {number} number of its message
 * @returns {{code: string | null, retryable: boolean} | undefined} `undefined` while it is not known; a `code` if the submit failed
 */
export function outcomeOfSubmit({ phase, views, end, taken, refused }, number) {
  if (end) return end;
  if (views) return phase === "shown" ? { code: null, retryable: false } : undefined;
  return (phase === "open" || phase === "opening") && taken >= number ? { code: refused, retryable: true } : undefined;
}

/**
 * @param {SessionState} state
 * @param {Input} input
 * @returns {[SessionState, Effect[]]}
 */
export function reduce(state, input) {
  if (state.end) return [state, []];
  switch (input.type) {
    case "told":
      return told(state, input.message);
    case "say":
      return say(state, input.message);
    case "answer":
      return state.isAsked
        ? post({ ...state, isAsked: false, isAnswered: input.controlId !== null }, { controlId: input.controlId })
        : [state, []];
    case "looks":
      if (state.phase === "arrived" && input.isLookedAt) return post(state, "reveal");
      return input.isLookedAt ? [state, []] : hide(state);
    case "hidden":
      if (state.phase === "shown") return finish(state, { code: null, retryable: false });
      if (state.phase === "arrived") return finish(state, failure("closed"));
      return state.views || state.phase === "submitting" ? [state, []] : post(state, "forget");
    case "letter":
      // Only the pad reports this: no entry was refused.
      return [{ ...state, problem: "not_digits" }, []];
    case "slow":
      return [{ ...state, isSlow: true }, []];
    case "shownFor": {
      // The vault would have hidden it by now.
      if (input.seconds > SHOWN_SECONDS) return hide(state);
      if (state.phase !== "shown") return [state, []];
      const secondsLeft = Math.max(0, SHOWN_SECONDS - input.seconds);
      return secondsLeft === state.secondsLeft ? [state, []] : [{ ...state, secondsLeft }, []];
    }
    case "timeLeft":
      // After a submit the server decides.
      if (!isOpen(state) || maySubmit(state)) return [{ ...state, timeLeft: null }, []];
      return input.seconds > 0 ? [count(state, input.seconds), []] : finish(state, failure("control_id_expired"));
    case "restarted":
      return restart(state);
    case "crashed": {
      if (state.phase === "shown") return finish(state, { code: null, retryable: false });
      if (!input.canRestart || !canStartAgain(state)) return finish(state, failure(state.sent ? "outcome_unknown" : "closed"));
      const [next, effects] = restart({ ...state, restarts: state.restarts + 1 });
      return [next, [{ do: "start" }, ...effects]];
    }
    case "failed":
      return finish(state, failure(mayHaveSent(state) ? "outcome_unknown" : input.code));
    case "lost":
    case "close":
      if (state.phase === "shown") return finish(state, { code: null, retryable: false });
      return finish(state, failure(mayHaveSent(state) ? "outcome_unknown" : "closed"));
  }
}

/**
 * Hides the PIN on the canvas, if there is one. While a PIN is suggested the entry is empty, so forgetting it loses no digits.
 * @param {SessionState} state
 * @returns {[SessionState, Effect[]]}
 */
function hide(state) {
  if (state.phase === "shown") return finish(state, { code: null, retryable: false });
  return state.suggested ? post({ ...state, suggested: false }, "forget") : [state, []];
}

/**
 * Only some steps are said: the first, and the one that leaves just enough time to finish.
 * @param {SessionState} state
 * @param {number} timeLeft
 * @returns {SessionState}
 */
function count(state, timeLeft) {
  const before = state.timeLeftSaid;
  const isSaid = before === null || (timeLeft <= LAST_SECONDS && before > LAST_SECONDS);
  return { ...state, timeLeft, timeLeftSaid: isSaid ? timeLeft : before };
}

/**
 * @param {SessionState} state
 * @param {Outward} message
 * @returns {[SessionState, Effect[]]}
 */
function told(state, message) {
  if (message === "ask") {
    const isExpected = state.phase === "submitting" && !state.isGiven && !state.isAsked;
    return isExpected ? [{ ...state, isAsked: true, isAnswered: false }, [{ do: "ask" }]] : [state, []];
  }
  if ("spell" in message) {
    if (!showsPin(state)) return [state, []];
    const { digit, place } = message.spell;
    return [state, [{ do: "tell", detail: { event: "spell", digit: digit ?? undefined, place } }]];
  }
  if ("closed" in message) {
    // A vault only closes by itself if it could not be opened.
    return state.phase === "opening" && message.closed.code !== null
      ? finish(state, failure(message.closed.code))
      : reduce(state, { type: "lost" });
  }
  return isBelievable(state, message.state) ? follow(state, message.state) : [state, []];
}

/**
 * Whether the state that the vault reports is possible. Most important, there is no success without a submit.
 * @param {SessionState} state
 * @param {{taken: number, session: Snapshot}} told
 */
function isBelievable(state, { taken, session: { stage, end } }) {
  const { views, isGiven, phase, before, posted } = state;
  if (before + taken < state.taken || before + taken > posted) return false;
  if ((stage === "ended") !== (end !== null)) return false;
  const isSubmitted = state.submit > 0 || state.advance > 0;
  switch (stage) {
    case "entry":
      return phase === "opening" || phase === "open";
    case "submitting":
      return isSubmitted && (phase === "opening" || phase === "open" || phase === "submitting");
    case "arrived":
      return views && (phase === "submitting" || phase === "arrived");
    case "shown":
      return views && (phase === "arrived" || phase === "shown");
    case "ended":
      if (end?.code) return true;
      return views ? phase === "shown" : phase === "submitting" && (isGiven || state.isAnswered);
  }
}

/**
 * @param {SessionState} state
 * @param {{taken: number, session: Snapshot}} told
 * @returns {[SessionState, Effect[]]}
 */
function follow(state, { taken, session }) {
  const { stage, ready, step, digits, valid, waitsSeconds, requested, sent, checking, suggested } = session;
  const isRefused = session.refusals > state.vaultRefusals;
  const isChanged = step !== state.step || digits !== state.digits;
  /** @type {SessionState} */
  const next = {
    ...state,
    taken: state.before + taken,
    ready: state.ready || ready,
    step,
    digits,
    valid,
    waitsSeconds,
    requested,
    sent,
    checking,
    suggested,
    wasTyped: digits > 0 || (state.wasTyped && step === state.step),
    refusals: isRefused ? state.refusals + 1 : state.refusals,
    refused: isRefused ? session.refused : state.refused,
    reason: isRefused ? session.reason : state.reason,
    // A full pad accepts no more digits; this is not an error.
    problem: isRefused && session.refused !== "too_long" ? session.refused : isChanged ? null : state.problem,
    vaultRefusals: session.refusals,
    phase: stage === "entry" ? "open" : stage,
    isSlow: state.isSlow && stage === state.phase,
  };
  if (session.end) return finish({ ...next, phase: state.phase }, session.end);
  return [next, next.phase === "arrived" && state.phase !== "arrived" ? [{ do: "look" }] : []];
}

/**
 * @param {SessionState} state
 * @param {Inward} message
 * @returns {[SessionState, Effect[]]}
 */
function say(state, message) {
  const number = state.posted + 1;
  if (message === "submit") {
    return isOpen(state) && state.submit <= state.taken ? post({ ...state, submit: number }, message) : [state, []];
  }
  if (typeof message === "object" || EDITS.includes(message)) {
    if (message === "advance" && state.views) return say(state, state.phase === "arrived" ? "reveal" : "submit");
    if (!takesInput(state)) return [state, []];
    // The reason of a refusal stays until the entry changes.
    const problem = typeof message === "object" || ANSWERS.includes(message) ? null : state.problem;
    const press = typeof message === "object" ? number : state.press;
    // Another suggestion has its own time.
    const suggested = state.suggested && message !== "suggest";
    return post({ ...state, problem, press, suggested, advance: message === "advance" ? number : state.advance }, message);
  }
  if (message === "spell" && !showsPin(state)) return [state, []];
  if (message === "reveal" && state.phase !== "arrived") return [state, []];
  return post(state, message);
}

/**
 * Continues with another vault in the place of one that did not start, or broke off. It has none of the digits, because the page
 * keeps none, and does not know of a submit. If digits are lost, the customer is asked for them again.
 * @param {SessionState} state
 * @returns {[SessionState, Effect[]]}
 */
function restart(state) {
  const { posted, press, submit, taken, views, phase, digits, step, timeLeft, timeLeftSaid, refusals, restarts } = state;
  const fresh = { ...initial(state), timeLeft, timeLeftSaid, refusals, restarts, posted, taken: posted, before: posted };
  const isSubmitted = submit > taken || phase === "submitting";
  if (views && isSubmitted) return say(fresh, "submit");
  if (!isSubmitted && press <= taken && digits === 0 && step === "entry") return [fresh, []];
  return [{ ...fresh, refusals: refusals + 1, refused: "too_short", reason: null, problem: "too_short" }, []];
}

/**
 * @param {SessionState} state
 * @param {Inward} message
 * @returns {[SessionState, Effect[]]}
 */
const post = (state, message) => [{ ...state, posted: state.posted + 1 }, [{ do: "post", message }]];

/**
 * @param {SessionState} state
 * @param {End} end
 * @returns {[SessionState, Effect[]]}
 */
const finish = (state, { code, retryable }) => [
  { ...state, phase: "ended", end: { code, retryable }, digits: 0, valid: false, waitsSeconds: null, timeLeft: null, checking: false, suggested: false, problem: null },
  [{ do: "end" }],
];

/** @param {string} code @returns {End} */
const failure = (code) => ({ code: /** @type {ErrorCode} */ (code), retryable: !FINAL.includes(code) });

/**
 * The events for the step from one state to another, as in card-pin.d.ts, in order.
 * @param {SessionState} before
 * @param {SessionState} after
 * @returns {EventDetail[]}
 */
export function eventsBetween(before, after) {
  /** @type {EventDetail[]} */
  const events = [];
  const { step, digits, valid, views, end } = after;
  if (after.refusals > before.refusals) {
    const { refused: code, reason } = after;
    events.push({ event: "set_pin_validation_error", code, ...(reason !== null && { reason }) });
  }
  const isChanged = step !== before.step || digits !== before.digits || valid !== before.valid;
  if (isChanged && isOpen(after)) {
    events.push({ event: "pin_valid", pin_valid: valid, digits, step });
  }
  if (after.ready && !before.ready) events.push({ event: "ready" });
  if (isOpen(before) && (after.phase === "submitting" || after.phase === "arrived")) events.push({ event: "submitting" });
  if (after.phase === "shown" && before.phase !== "shown") events.push({ event: "view_pin_success" });
  if (end && !before.end) {
    if (end.code === null) events.push({ event: views ? "hidden" : "set_pin_success" });
    else events.push({ event: views ? "view_pin_error" : "set_pin_error", code: end.code, retryable: end.retryable });
  }
  return events;
}
