// @ts-check

/**
 * Runs one session: it does what `session-state.js` decides, and alone knows deadlines, ends the vault, and asks for control ids.
 * What the customer sees and what the page hears follow from the states that it hands out.
 */

import { CardPinError } from "./error.js";
import { hint } from "./hint.js";
import { isHidden, isLookedAt, listen, stopListening, viewOf } from "./platform.js";
import { initial, isOwed, mayHaveSent, outcomeOfSubmit, reduce, showsPin } from "./session-state.js";
import { VaultHost } from "./vault-host.js";

/** @import {Inward, Outward} from "./protocol.d.ts" */
/** @import {EventDetail, Input, SessionState} from "./session-state.js" */
/** @import {Settings} from "./options.js" */

/** What has to come over the network, one after the other, before a session is open: the worker's script and the core. */
const LOADS = 2;
/** How long a PIN that has arrived waits for somebody who looks, in milliseconds. */
const ARRIVED_MS = 30_000;
/** How often the page looks whether a PIN that is shown is still looked at: a frame that never had the focus hears of no loss. */
const LOOK_MS = 250;
/** After how long a wait the customer is told that it goes on, in milliseconds. */
export const SLOW_MS = 3000;
/** In which steps, and from when on, the customer is told how long a control id that was given is valid, in milliseconds. */
const TIME_LEFT_MS = { step: 10_000, from: 60_000 };
/** How often the page asks for a sign of life, where the vault is in a worker, and where it is on the page. */
const BEAT_MS = { worker: 5000, page: 1000 };
/** After how many of these without an answer the vault is given up. They are counted, since a suspended device loses none. */
const MISSED_BEATS = 6;

/**
 * @typedef {object} Submit
 * @property {number} number of its message
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
  /** Changes with each question for a control id, and with its answer: an answer counts if this is still its number. */
  #asks = 0;
  #page;
  /** @type {[EventTarget, string, (event: any) => void][]} */
  #listeners;
  /** What the page has not been told yet. @type {[SessionState, SessionState][]} */
  #changes = [];
  #isTelling = false;

  /**
   * @param {Settings} settings
   * @param {object} page
   * @param {HTMLCanvasElement} [page.canvas] where a PIN is drawn
   * @param {Document} page.page what the customer looks at
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
        if (hasGivenUp(message) && this.#host.canRestart) this.#crash();
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

  /** Where the PIN is held: in a worker of its own, or on the page where none can be started. */
  get isolation() {
    return this.#host.isolation;
  }

  /** Whether nobody but the vault can say whether the PIN is set. */
  get mayHaveSent() {
    return mayHaveSent(this.#state);
  }

  /** Passes on what the customer does; where it does not belong, it is dropped. @param {Inward} message */
  say(message) {
    this.#take({ type: "say", message });
  }

  /**
   * Submits. Submitting again while that is under way gives the same promise.
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

  /** The customer pressed a key that is not a digit's. */
  noteLetter() {
    this.#take({ type: "letter" });
  }

  /** Gives the vault a canvas to draw on, where the session was made without one. @param {HTMLCanvasElement} canvas */
  useCanvas(canvas) {
    this.#host.useCanvas(canvas);
  }

  /** Ends the session and has the vault wiped. */
  close() {
    this.#take({ type: "close" });
  }

  /** @param {Input} input */
  #take(input) {
    const before = this.#state;
    // By index: a script on the page that has exchanged an array's iterator or methods would hear presses pass.
    const reduced = reduce(before, input);
    const after = reduced[0];
    const effects = reduced[1];
    // A digit that is spelt out changes nothing, and is told all the same.
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

  /** An end that a new control id does not help against may be the page's own fault. @param {SessionState} state */
  #explain({ end }) {
    const { hints } = this.#settings;
    if (end?.code && (!end.retryable || end.code === "bad_response")) hint(hints, end.code, this.#settings);
  }

  /** In the order in which they came, although a listener may change the session while it is told. */
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
    this.#take({ type: this.#host.canRestart ? "crashed" : "lost" });
  }

  #startAgain() {
    this.#missedBeats = 0;
    // What the vault before had asked for.
    this.#asks += 1;
    clearTimeout(this.#asking);
    this.#limitLoading();
    this.#host.restart();
  }

  /** The vault's port is closed by whoever ends the session, and by nobody else. */
  #end() {
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
        if (this.#state.phase === "shown") this.#take({ type: "shownFor", seconds });
      }, LOOK_MS);
    }
    if (after.phase !== before.phase) {
      clearTimeout(this.#slow);
      if (after.phase === "submitting") this.#slow = setTimeout(() => this.#take({ type: "slow" }), SLOW_MS);
    }
    if (isOwed(after)) this.#beating ??= setTimeout(() => this.#beat(), BEAT_MS[this.isolation]);
  }

  /** Says how long the control id is still valid, step by step. @param {number} until by the clock of `performance.now` */
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
    // In a turn of its own: what the provider throws is a missing control id, and not the session's.
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

  /** A page that is left may be kept, for the way back, with all that its workers hold. So the vault is ended by then. */
  #onPageHide = () => {
    this.#take({ type: "lost" });
    this.#host.leave();
  };

  /** Digits do not wait in the background for a customer who may not come back, and a PIN is not shown to nobody. */
  #look = () =>
    this.#take(isHidden(this.#page) ? { type: "hidden" } : { type: "looks", isLookedAt: isLookedAt(this.#page) });
}

/** @param {number} number @returns {Submit} */
function makeSubmit(number) {
  const submit = /** @type {Submit} */ ({ number });
  submit.promise = new Promise((resolve, reject) => Object.assign(submit, { resolve, reject }));
  // A page that listens to the events alone need not handle the promise.
  submit.promise.catch(() => {});
  return submit;
}

/** Whether a vault has closed unasked, as it does where it computes wrongly: another one may do better. @param {Outward} message */
const hasGivenUp = (message) => typeof message === "object" && "state" in message && message.state.session.end?.code === "closed";
