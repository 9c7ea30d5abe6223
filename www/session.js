// @ts-check

/**
 * Runs one session: it carries out the effects that `session-state.js` decides on, and is the only file that has deadlines, ends
 * the vault, and asks for control ids. The pad and the events follow from the states that it passes on.
 */

import { CardPinError } from "./error.js";
import { hint } from "./hint.js";
import { isHidden, isLookedAt, listen, stopListening, viewOf } from "./platform.js";
import { initial, isOwed, mayHaveSent, outcomeOfSubmit, reduce, showsPin } from "./session-state.js";
import { VaultHost } from "./vault-host.js";

/** @import {Inward, Outward} from "./protocol.d.ts" */
/** @import {EventDetail, Input, SessionState} from "./session-state.js" */
/** @import {Settings} from "./options.js" */

/** The number of files that are loaded one after the other before a session is open: the worker's script and the core. */
const LOADS = 2;
/** How long a PIN that has arrived waits until the customer looks, in milliseconds. */
const ARRIVED_MS = 30_000;
/** How often the page checks whether the customer still looks at a PIN: a frame that never had the focus gets no `blur`. */
const LOOK_MS = 250;
/** The length of a wait after which the customer is told that it continues, in milliseconds. */
export const SLOW_MS = 3000;
/** The steps, and the start, of the messages about how long a given control id is valid, in milliseconds. */
const TIME_LEFT_MS = { step: 10_000, from: 60_000 };
/** How often the page asks the vault for a sign of life: in a worker, and on the page. */
const BEAT_MS = { worker: 5000, page: 1000 };
/** The number of questions without an answer after which the vault is given up. They are counted instead of timed, because a device may be suspended. */
const MISSED_BEATS = 6;

/**
 * @typedef {object} Submit
 * @property {number} number the number of its message
 * @property {Promise<void>} promise
 * @property {() => void} resolve
 * @property {(error: CardPinError) => void} reject
 */

export class Session {
  #state;
  #host;
  #settings;
  #askControlId;
  #onChange;
  #onTell;
  /** @type {Submit | undefined} */
  #submit;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #loading;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #asking;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #arrived;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #looking;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #beating;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #slow;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #expiring;
  #missedBeats = 0;
  /** Changes with each question for a control id and with its answer. An answer counts only if this is still its number. */
  #asks = 0;
  #page;
  /** @type {[EventTarget, string, (event: any) => void][]} */
  #listeners;
  /** The changes that have not been reported to the page yet. @type {[SessionState, SessionState][]} */
  #changes = [];
  #isTelling = false;

  /**
   * @param {Settings} settings
   * @param {object} page
   * @param {HTMLCanvasElement} [page.canvas] the canvas on which a PIN is drawn
   * @param {Document} page.page the document that the customer looks at
   * @param {() => unknown} page.askControlId called each time the vault needs one
   * @param {(before: SessionState, after: SessionState) => void} page.onChange
   * @param {(detail: EventDetail) => void} page.onTell
   */
  constructor(settings, { canvas, page, askControlId, onChange, onTell }) {
    // The window that the pad is in may be another than the one that its script runs in.
    const view = viewOf(page) ?? window;
    this.#page = page;
    this.#listeners = [
      [view, "pagehide", this.#onPageHide],
      [view, "blur", this.#look],
      [view, "focus", this.#look],
      [page, "visibilitychange", this.#look],
    ];
    if (view !== window) this.#listeners.push([window, "pagehide", this.#onPageHide]);
    const { open } = (this.#settings = settings);
    this.#state = initial({ views: open.operation === "view-pin", isGiven: open.controlId !== null });
    this.#askControlId = askControlId;
    this.#onChange = onChange;
    this.#onTell = onTell;
    this.#limitLoading();
    if (settings.expiresInMs !== undefined) this.#countDown(performance.now() + settings.expiresInMs);
    for (const [target, type, listener] of this.#listeners) listen(target, type, listener);
    this.#host = new VaultHost(settings, canvas, {
      told: (message) => {
        this.#missedBeats = 0;
        if (hasGivenUp(message)) this.#crash();
        else this.#take({ type: "told", message });
      },
      restarted: () => this.#take({ type: "restarted" }),
      lost: () => this.#crash(),
      failed: (code) => this.#take({ type: "failed", code }),
    });
  }

  get state() {
    return this.#state;
  }

  /** Where the vault runs: in a worker of its own, or on the page if none can be started. */
  get isolation() {
    return this.#host.isolation;
  }

  /** Whether only the vault can know whether the PIN is set. */
  get mayHaveSent() {
    return mayHaveSent(this.#state);
  }

  /** Passes the customer's input on, or drops it if it does not fit the state. @param {Inward} message */
  say(message) {
    this.#take({ type: "say", message });
  }

  /**
   * Submits. Submitting again while that is under way returns the same promise.
   * @returns {Promise<void>} rejected with a `CardPinError`
   */
  submit() {
    if (this.#state.end || this.#state.phase === "shown") return Promise.reject(new CardPinError("closed"));
    if (this.#state.phase === "arrived") this.say("reveal");
    if (this.#submit) return this.#submit.promise;
    const { promise } = (this.#submit = makeSubmit(this.#state.posted + 1));
    this.#take({ type: "say", message: "submit" });
    return promise;
  }

  /** The customer typed a character that is not a digit. */
  noteLetter() {
    this.#take({ type: "letter" });
  }

  /** Gives the vault a canvas to draw on, if the session was made without one. @param {HTMLCanvasElement} canvas */
  useCanvas(canvas) {
    this.#host.useCanvas(canvas);
  }

  /** Ends the session and wipes the vault. */
  close() {
    this.#take({ type: "close" });
  }

  /** @param {Input} input */
  #take(input) {
    const before = this.#state;
    // Uses an index: a script on the page that has replaced an array's iterator or methods would otherwise see the presses.
    const reduced = reduce(before, input);
    const after = reduced[0];
    const effects = reduced[1];
    // A digit that is spelt out changes no state, but is reported.
    if (after === before && effects.length === 0) return;
    this.#state = after;
    let wantsLook = false;
    for (let at = 0; at < effects.length; at += 1) {
      const effect = effects[at];
      if (effect.do === "post") this.#host.post(effect.message);
      else if (effect.do === "start") this.#startAgain();
      else if (effect.do === "ask") this.#ask();
      else if (effect.do === "end") this.#end();
      else if (effect.do === "tell") this.#onTell(effect.detail);
      else wantsLook = true;
    }
    this.#setTimers(before, after);
    this.#settleSubmit();
    this.#explain(after);
    this.#changes.push([before, after]);
    if (wantsLook) this.#look();
    this.#tellChanges();
  }

  /** Writes a hint for an end that may be the page's own fault, because a new control id does not help. @param {SessionState} state */
  #explain({ end }) {
    const { hints } = this.#settings;
    if (end?.code && (!end.retryable || end.code === "bad_response")) hint(hints, end.code, this.#settings);
  }

  /** Reports the changes in their order, although a listener may change the session meanwhile. */
  #tellChanges() {
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (let change = this.#changes.shift(); change; change = this.#changes.shift()) {
      try {
        this.#onChange(...change);
      } catch (error) {
        reportError(error);
      }
    }
    this.#isTelling = false;
  }

  #limitLoading() {
    clearTimeout(this.#loading);
    this.#loading = setTimeout(() => this.#take({ type: "failed", code: "timeout" }), LOADS * this.#settings.open.timeoutMs);
  }

  /** The vault broke off, or gives no sign of life. */
  #crash() {
    this.#take({ type: "crashed", canRestart: this.#host.canRestart });
    // If it was only slow, it must not send anything after a failure was told.
    if (this.#state.end?.code) this.#host.end();
  }

  #startAgain() {
    this.#missedBeats = 0;
    // Answers the previous vault's question.
    this.#asks += 1;
    clearTimeout(this.#asking);
    this.#limitLoading();
    this.#host.restart();
  }

  /** The vault's port is closed by whoever ends the session, and by nobody else. */
  #end() {
    // An answer that comes now is not needed.
    this.#asks += 1;
    this.#host.close();
    for (const [target, type, listener] of this.#listeners) stopListening(target, type, listener);
    for (const timer of [this.#loading, this.#asking, this.#arrived, this.#beating, this.#slow, this.#expiring]) clearTimeout(timer);
    clearInterval(this.#looking);
  }

  /** @param {SessionState} before @param {SessionState} after */
  #setTimers(before, after) {
    if (after.end) return;
    if (after.phase !== "opening") clearTimeout(this.#loading);
    if (after.phase === "arrived" && before.phase !== "arrived") {
      this.#arrived = setTimeout(() => this.#take({ type: "failed", code: "closed" }), ARRIVED_MS);
    }
    if (after.phase === "shown") clearTimeout(this.#arrived);
    if (!showsPin(after)) clearInterval(this.#looking);
    else if (!showsPin(before)) {
      const since = performance.now();
      this.#looking = setInterval(() => {
        this.#look();
        this.#host.paint();
        const seconds = Math.floor((performance.now() - since) / 1000);
        this.#take({ type: "shownFor", seconds });
      }, LOOK_MS);
    }
    if (after.phase !== before.phase) {
      clearTimeout(this.#slow);
      if (after.phase === "submitting") this.#slow = setTimeout(() => this.#take({ type: "slow" }), SLOW_MS);
    }
    if (isOwed(after)) this.#beating ??= setTimeout(() => this.#beat(), BEAT_MS[this.isolation]);
  }

  /** Reports how long the control id is still valid, step by step. @param {number} until by the clock of `performance.now` */
  #countDown(until) {
    const { step, from } = TIME_LEFT_MS;
    const left = until - performance.now();
    const rounded = Math.max(0, Math.ceil(left / step) * step);
    if (rounded > 0) this.#expiring = setTimeout(() => this.#countDown(until), left - Math.min(rounded - step, from));
    if (rounded <= from) this.#take({ type: "timeLeft", seconds: rounded / 1000 });
  }

  #beat() {
    this.#beating = undefined;
    if (!isOwed(this.#state)) {
      this.#missedBeats = 0;
      return;
    }
    this.#missedBeats += 1;
    if (this.#missedBeats > MISSED_BEATS) return this.#crash();
    if (this.#state.posted === this.#state.taken || this.isolation === "page") this.#take({ type: "say", message: "ping" });
    this.#beating ??= setTimeout(() => this.#beat(), BEAT_MS[this.isolation]);
  }

  #ask() {
    clearTimeout(this.#asking);
    const number = (this.#asks += 1);
    const { hints, open } = this.#settings;
    /** @param {unknown} [controlId] @param {unknown} [problem] */
    const answer = (controlId, problem = controlId) => {
      if (number !== this.#asks) return;
      this.#asks += 1;
      clearTimeout(this.#asking);
      const isText = typeof controlId === "string";
      if (!isText) hint(hints, "control_id_unavailable", problem);
      this.#take({ type: "answer", controlId: isText ? controlId : null });
    };
    this.#asking = setTimeout(answer, open.timeoutMs);
    // Calls the provider in a separate turn: its exception means that there is no control id, and must not break the session.
    Promise.resolve().then(() => this.#askControlId()).then(answer, (problem) => answer(undefined, problem));
  }

  #settleSubmit() {
    const submit = this.#submit;
    const outcome = submit && outcomeOfSubmit(this.#state, submit.number);
    if (!submit || !outcome) return;
    this.#submit = undefined;
    if (outcome.code === null) submit.resolve();
    else submit.reject(new CardPinError(outcome.code, outcome.retryable));
  }

  /** Ends the vault when the page is left: a browser may keep the page and its workers for the way back. */
  #onPageHide = () => {
    this.#take({ type: "lost" });
    this.#host.leave();
  };

  /** Wipes the digits of a hidden page, because the customer may not come back, and hides a PIN that nobody looks at. */
  #look = () =>
    this.#take(isHidden(this.#page) ? { type: "hidden" } : { type: "looks", isLookedAt: isLookedAt(this.#page) });
}

/** @param {number} number @returns {Submit} */
function makeSubmit(number) {
  const submit = /** @type {Submit} */ ({ number });
  submit.promise = new Promise((resolve, reject) => Object.assign(submit, { resolve, reject }));
  // A page that only listens to the events does not have to handle the promise.
  submit.promise.catch(() => {});
  return submit;
}

/** Whether a vault has closed by itself, as it does if it computes wrongly: another vault may succeed. @param {Outward} message */
const hasGivenUp = (message) => typeof message === "object" && "state" in message && message.state.session.end?.code === "closed";
