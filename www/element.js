// @ts-check

/**
 * The element `<card-pin>`: attributes and presses in, events out. The session's state decides what is drawn
 * (`drawing.js`) and which events are dispatched. The element only decides when a session starts.
 */

import { defineProperties, looksWrong, readOptions } from "./attributes.js";
import { Drawing } from "./drawing.js";
import { CardPinError } from "./error.js";
import { hint } from "./hint.js";
import { keyOf } from "./keypad.js";
import { ATTRIBUTES, PROPERTIES } from "./names.js";
import { DEFAULTS, toSettings } from "./options.js";
import { padState } from "./pad-state.js";
import { bare } from "./platform.js";
import { Session, SLOW_MS } from "./session.js";
import { eventsBetween, takesInput } from "./session-state.js";
import { checkWords } from "./words.js";

/** @import {Action, PadState} from "./describe-pad.js" */
/** @import {Taken} from "./keyboard.js" */
/** @import {Inward} from "./protocol.d.ts" */
/** @import {Settings} from "./options.js" */
/** @import {EventDetail, SessionState} from "./session-state.js" */

/** The module can also be imported without a document, as on a server. */
const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? Object);

/**
 * For each element, the properties that reflect no attribute, and the function to call when one of them changes.
 * @type {WeakMap<HTMLElement, {values: Record<string, any>, onChange: () => void}>}
 */
const properties = new WeakMap();

/** The time after which a hint says that the pad has neither a control id nor a provider, in milliseconds. */
const WAITING_MS = 1000;

export class CardPin extends Base {
  /** The version and the commit of this build. */
  static version = CARD_PIN_VERSION;
  static observedAttributes = [...Object.keys(ATTRIBUTES), "lang"];

  #drawing = new Drawing(this, {
    press: (button) => this.#press(button),
    type: (typed, isRepeated) => this.#type(typed, isRepeated),
    state: () => this.#padState,
  });
  /** @type {(() => string | Promise<string>) | undefined} */
  #controlIdProvider;
  #hadProvider = false;
  /** @type {Settings | undefined} */
  #settings;
  /** The current or the last session. @type {Session | undefined} */
  #session;
  /** The control id of the last session that was started with one. @type {string | null} */
  #usedControlId = null;
  /** The last control id that was used up. @type {string | null} */
  #spentControlId = null;
  /** Whether the next session starts as soon as this one has ended. */
  #isNextWanted = false;
  #isStartQueued = false;
  #isDrawQueued = false;
  #isUnusable = false;
  /** Whether the element was removed from the page, and not only moved. */
  #hasLeft = false;
  /** Whether the pad has waited for a control id, and whether that wait was long. */
  #hasWaited = false;
  #isSlow = false;

  constructor() {
    super();
    properties.set(this, { values: bare({}), onChange: () => this.#isUnusable && this.#queueStart() });
    // A property that was set before the element was defined hides the accessor of the class.
    for (const name of PROPERTIES.filter((name) => Object.hasOwn(this, name))) {
      const self = /** @type {any} */ (this);
      const value = self[name];
      delete self[name];
      self[name] = value;
    }
  }

  connectedCallback() {
    // An element that was only moved still has its session, or shows how it ended.
    const isOver = this.#hasLeft && this.#session?.state.end && !this.#isSpent;
    this.#hasLeft = false;
    if (!this.#session || isOver) this.#queueStart();
    else this.#drawing.render();
  }

  disconnectedCallback() {
    // An element that is only moved is connected again by then.
    queueMicrotask(() => this.isConnected || this.#leave());
  }

  /** @param {string} name @param {string | null} before @param {string | null} value */
  attributeChangedCallback(name, before, value) {
    if (value === before) return; // The value is set again, for example when a page renders again.
    // A missing option may be set now.
    if (this.#isUnusable) this.#queueStart();
    else if (name === "keypad") this.#layKeys();
    else if (name === "lang") this.#drawing.render();
    else if (name === "operation") {
      // A session's control id is used up: the next session needs another.
      if ((value ?? DEFAULTS.operation) !== (before ?? DEFAULTS.operation) && !this.#isSpent) this.#restart();
    } else if (name === "control-id") {
      const isNew = Boolean(value) && value !== this.#usedControlId;
      if (this.#isRunning) this.#isNextWanted = isNew && this.#controlIdProvider === undefined;
      else if (isNew) this.#queueStart();
    }
  }

  /** Returns a control id once both entries agree; instead of `control-id`. The provider that was set last is asked. */
  get controlIdProvider() {
    return this.#controlIdProvider;
  }

  set controlIdProvider(provider) {
    this.#controlIdProvider = provider ?? undefined;
    // The session is kept if a page that renders again removes the provider and sets it again.
    const isFirst = !this.#hadProvider || !this.#session;
    this.#hadProvider ||= Boolean(provider);
    if (provider && (this.#isUnusable || isFirst) && !this.#isRunning) this.#queueStart();
    else this.#drawing.render();
  }

  /** Texts that replace the pad's own. @returns {import("./words.js").Texts} */
  get words() {
    return this.#drawing.speech.changed;
  }

  set words(words) {
    this.#drawing.speech.changed = checkWords(words ?? {});
    this.#drawing.render();
  }

  /** Puts the focus where the next digit goes. @param {FocusOptions} [options] */
  focus(options) {
    this.#drawing.show(this.#views).pane.focus(options);
  }

  /** Submits. @returns {Promise<void>} rejected with a `CardPinError` */
  setPin() {
    return this.#submit(false, "set_pin_error");
  }

  /** Asks for the PIN to be shown. @returns {Promise<void>} rejected with a `CardPinError` */
  viewPin() {
    return this.#submit(true, "view_pin_error");
  }

  /** Empties the current entry. */
  clear() {
    this.#say("clear");
  }

  /**
   * Starts again: at once with a `controlIdProvider`, otherwise when a new `control-id` is set. While the PIN may be on its way,
   * this waits for the end.
   */
  reset() {
    this.removeAttribute("control-id");
    this.#usedControlId = this.#spentControlId = null;
    this.#restart();
  }

  /** Ends the session and wipes it. */
  close() {
    this.#isNextWanted = false;
    this.#open()?.close();
  }

  get #views() {
    return this.getAttribute("operation") === "view-pin";
  }

  get #isRunning() {
    return this.#session !== undefined && !this.#session.state.end;
  }

  /** Whether the session is over and the next one still needs another control id. */
  get #isSpent() {
    const controlId = this.getAttribute("control-id");
    const isSame = controlId !== null && controlId === this.#usedControlId;
    return this.#controlIdProvider === undefined && Boolean(this.#session?.state.end) && isSame;
  }

  /** The element was removed from the page. If the PIN may be on its way, this waits for the outcome, which has to be reported. */
  #leave() {
    this.#hasLeft = true;
    this.#isNextWanted = false;
    if (this.#session?.mayHaveSent || this.#isSpent) return;
    this.#session?.close();
    this.#session = undefined;
  }

  /** Replaces the current session, unless its PIN may be on its way. */
  #restart() {
    if (this.#session?.mayHaveSent) {
      this.#isNextWanted = true;
      return;
    }
    this.#session?.close();
    this.#session = undefined;
    this.#drawing.render();
    this.#queueStart();
  }

  /**
   * Several attributes that are set one after the other start one session. Loading, starting a vault and drawing are separate
   * tasks, so that none is long on a slow device. A method that needs a queued task runs it at once.
   */
  #queueStart() {
    if (this.#isStartQueued) return;
    this.#isStartQueued = true;
    setTimeout(() => this.#startIfQueued());
  }

  #startIfQueued() {
    if (!this.#isStartQueued) return;
    this.#isStartQueued = false;
    if (this.isConnected && !this.#isRunning) this.#start();
  }

  #start() {
    this.#session = this.#settings = undefined;
    this.#isNextWanted = this.#isUnusable = this.#isSlow = false;
    const controlId = (this.#usedControlId = this.getAttribute("control-id"));
    if (this.#controlIdProvider || (controlId && controlId !== this.#spentControlId)) this.#openSession();
    else this.#wait();
    this.#isDrawQueued = true;
    // A vault starts while the pad is drawn for the first time, which takes longest.
    if (this.#session && !this.#drawing.drawn) setTimeout(() => this.#drawIfQueued());
    else this.#drawIfQueued();
  }

  /** Asks the page for a control id; the pad shows that it is waiting. */
  #wait() {
    this.#hasWaited = true;
    const isWaiting = () => this.isConnected && !this.#isRunning && !this.#session;
    setTimeout(() => isWaiting() && this.#hint("control_id_missing"), WAITING_MS);
    setTimeout(() => {
      if (!isWaiting()) return;
      this.#isSlow = true;
      this.#drawing.render();
    }, SLOW_MS);
  }

  /** @param {string} mistake */
  #hint(mistake) {
    hint(this.getAttribute("hints") !== "off", mistake, this);
  }

  #openSession() {
    try {
      const options = readOptions(this, /** @type {any} */ (properties.get(this)?.values));
      options.controlIdProvider = this.#controlIdProvider;
      this.#settings = toSettings(options);
      this.#session = new Session(this.#settings, {
        page: this.ownerDocument,
        askControlId: () => this.#controlIdProvider?.(),
        onChange: (before, after) => this.#onChange(before, after),
        onTell: ({ digit, place }) => this.#drawing.drawn?.stage.spell(/** @type {any} */ (digit), /** @type {any} */ (place)),
      });
    } catch (error) {
      // It is the integrator's mistake: the message names the attribute, and goes to the console.
      this.#isUnusable = true;
      reportError(error);
    }
  }

  /** The session; a queued one is opened now. */
  #open() {
    this.#startIfQueued();
    return this.#session;
  }

  #drawIfQueued() {
    if (!this.#isDrawQueued) return;
    this.#isDrawQueued = false;
    const { stage } = this.#drawing.show(this.#views);
    stage.clear();
    if (this.#views) this.#session?.useCanvas(stage.makeCanvas());
    this.#layKeys();
  }

  #layKeys() {
    if (looksWrong(this)) this.#hint("markup");
    this.#drawing.drawn?.layKeys(this.getAttribute("keypad"));
    this.#drawing.render();
  }

  /** @param {boolean} views @param {string} event */
  #submit(views, event) {
    const session = this.#open();
    if (!session) {
      // The fault that makes a pad unusable was reported in the console. An element outside a page may have a control id, but no session.
      const code = this.#isUnusable || !this.isConnected ? "closed" : "control_id_missing";
      this.#tell({ event, code, retryable: !this.#isUnusable });
      return Promise.reject(new CardPinError(code, !this.#isUnusable));
    }
    return session.state.views === views ? session.submit() : Promise.reject(new CardPinError("closed"));
  }

  /** Passes the customer's input on. The vault decides about it. @param {Inward} message */
  #say(message) {
    const session = this.#open();
    if (session && takesInput(session.state)) session.say(message);
  }

  /** @param {HTMLElement} button */
  #press(button) {
    const key = keyOf(button);
    if (key !== undefined) return this.#say(key === "erase" ? key : { press: key });
    const action = this.#drawing.drawn?.pane.press(button);
    if (action) this.#act(action);
  }

  /** @param {Action} action */
  #act(action) {
    switch (action) {
      case "advance":
        return this.#open()?.say("advance");
      case "restart":
        return this.reset();
      case "back":
        return this.#say("forget");
      case "suggest":
        return this.#suggest();
      case "spell":
        return this.#session?.say("spell");
      case "cancel":
        // The page decides where the customer goes. Without a decision, the session ends nevertheless.
        if (this.#tell({ event: "cancel" })) this.close();
    }
  }

  #suggest() {
    const session = this.#open();
    const stage = this.#drawing.drawn?.stage;
    if (!session || !stage || !takesInput(session.state)) return;
    // It is made on demand: a session that does not need it starts sooner.
    if (!stage.canvas) session.useCanvas(stage.makeCanvas());
    session.say("suggest");
  }

  /** @param {Taken} typed @param {boolean} [isRepeated] @returns {boolean} whether it was for the pad */
  #type(typed, isRepeated = false) {
    const session = this.#open();
    const state = session?.state;
    const isTyping = session !== undefined && takesInput(session.state);
    if (typeof typed === "object") {
      if (isTyping && !isRepeated) session.say(typed);
      return isTyping;
    }
    if (typed === "letter") {
      if (isTyping && !isRepeated) session.noteLetter();
      return false;
    }
    // A digit that the vault has not counted yet can be erased, too.
    const hasDigits = isTyping && (session.state.digits > 0 || session.state.posted > session.state.taken);
    if (typed === "erase" && isTyping && !hasDigits && session.state.step === "confirm") {
      session.say("forget");
      return true;
    }
    if (typed !== "advance") {
      if (hasDigits) session.say(typed === "erase" ? "erase" : "clear");
      return hasDigits;
    }
    const { canRestart } = this.#padState;
    const canAdvance = hasDigits || canRestart || (state?.views && !state.end) || false;
    if (canAdvance) this.#act(canRestart ? "restart" : "advance");
    return canAdvance;
  }

  /** @param {SessionState} before @param {SessionState} after */
  #onChange(before, after) {
    // Draws before the event, so that a listener finds the new state on the page.
    this.#drawIfQueued();
    this.#drawing.render();
    for (const detail of eventsBetween(before, after)) {
      this.#tell(detail.event === "ready" ? { ...detail, isolation: this.#session?.isolation } : detail);
    }
    const { controlId } = /** @type {Settings} */ (this.#settings).open;
    if (controlId && (after.requested || (after.end && after.end.code !== "closed"))) this.#spentControlId = controlId;
    // The worker of the vault that broke off has its canvas.
    if (after.restarts > before.restarts && !after.views) this.#drawing.drawn?.stage.clear();
    if (!after.end || before.end) return;
    this.#hasWaited = false;
    if (this.#isNextWanted) this.#queueStart();
    // An element that returns to a page starts a new session, if it can.
    else if (!this.isConnected && !this.#isSpent) this.#session = undefined;
  }

  /** @returns {PadState} */
  get #padState() {
    const asks = this.#controlIdProvider !== undefined;
    return padState(this.#session?.state, this.#settings?.open, { isUnusable: this.#isUnusable, isSlow: this.#isSlow, hasWaited: this.#hasWaited, asks });
  }

  /** @param {EventDetail} detail @returns {boolean} whether no listener called `preventDefault` */
  #tell(detail) {
    const cancelable = detail.event === "cancel";
    return this.dispatchEvent(new CustomEvent(detail.event, { detail, bubbles: true, composed: true, cancelable }));
  }
}

// Not in a static block: SWC, which Next uses, may give it the name that a minifier gives another member.
defineProperties(CardPin, (element) => properties.get(element)?.values ?? {}, (element) => properties.get(element)?.onChange());
