// @ts-check

/** The element `<card-pin>`: attributes and presses in, a session, a drawn pad or pane and events out. */

import { CardPinError } from "./error.js";
import { given, oneOf, toVaultConfig } from "./options.js";
import { Pad } from "./pad.js";
import { PinSession } from "./session.js";
import { ViewPane } from "./view-pane.js";

/** @import {Key} from "./keypad.js" */
/** @import {PadState} from "./pad.js" */
/** @import {PinSessionOptions} from "./options.js" */

export { CardPinError, PinSession };

/** Attributes, and the properties that reflect them. */
const ATTRIBUTES = Object.freeze({
  operation: "operation",
  "control-id": "controlId",
  "tzpk-url": "tzpkUrl",
  "set-url": "setUrl",
  "view-url": "viewUrl",
  "min-length": "minLength",
  "max-length": "maxLength",
  confirm: "confirm",
  "weak-pin": "weakPin",
  keypad: "keypad",
  "timeout-ms": "timeoutMs",
  "key-size": "keySize",
});

/** What a session tells. */
const EVENTS = [
  ...["ready", "submitting", "pin_valid", "set_pin_validation_error", "set_pin_success", "set_pin_error"],
  ...["view_pin_success", "view_pin_error", "spell", "hidden"],
];

/** @type {PadState} */
const BLANK = Object.freeze({
  phase: "waiting",
  step: "entry",
  digits: 0,
  minLength: 4,
  maxLength: 4,
  confirm: true,
  problem: undefined,
  canRestart: false,
});

export class CardPin extends HTMLElement {
  static observedAttributes = ["control-id", "keypad"];

  #root = this.attachShadow({ mode: "open" });
  #actions = {
    key: (/** @type {Key} */ key) => this.#press(key),
    advance: () => this.#advance(),
    spell: () => this.#session?.spell(),
  };
  /** What is drawn, once it is needed. @type {Pad | ViewPane | undefined} */
  #pane;
  /** @type {PadState} */
  #state = BLANK;
  /** @type {PinSession | undefined} */
  #session;
  /** What the session is opened with that comes next. @type {PinSessionOptions | undefined} */
  #opening;
  /** @type {(() => string | Promise<string>) | undefined} */
  #controlIdProvider;
  #isStartQueued = false;

  constructor() {
    super();
    this.addEventListener("keydown", (event) => this.#onKeyDown(event));
  }

  connectedCallback() {
    // A PIN that is shown is hidden from whoever comes next to the device.
    addEventListener("blur", this.#onLeave);
    document.addEventListener("visibilitychange", this.#onLeave);
    // One that was only moved has its session still.
    if (!this.#session && !this.#opening) this.#queueStart();
  }

  disconnectedCallback() {
    removeEventListener("blur", this.#onLeave);
    document.removeEventListener("visibilitychange", this.#onLeave);
    // One that is only moved is connected again by then.
    queueMicrotask(() => this.isConnected || this.close());
  }

  /** @param {string} name */
  attributeChangedCallback(name) {
    if (name === "control-id") this.#queueStart();
    else this.#layKeys();
  }

  /**
   * Where the vault's files are, if not beside this one. No attributes: markup must not be able to name scripts.
   * @type {string | undefined}
   */
  workerUrl;
  /** @type {string | undefined} */
  wasmUrl;
  /** @type {string | undefined} */
  scalarWasmUrl;

  /** Where a control id comes from once both entries agree; instead of `control-id`. */
  get controlIdProvider() {
    return this.#controlIdProvider;
  }

  set controlIdProvider(provider) {
    this.#controlIdProvider = provider;
    this.#queueStart();
  }

  /** Puts the focus where the next digit goes. @param {FocusOptions} [options] */
  focus(options) {
    this.#pane ??= this.#makePane();
    this.#pane.focus(options);
  }

  /** Submits. @returns {Promise<void>} rejected with a `CardPinError` */
  setPin() {
    return this.#open()?.setPin() ?? this.#refuse("set_pin_error");
  }

  /** Asks for the PIN to be shown. @returns {Promise<void>} rejected with a `CardPinError` */
  viewPin() {
    return this.#open()?.viewPin() ?? this.#refuse("view_pin_error");
  }

  /** Empties the current entry. */
  clear() {
    this.#edit((session) => session.clear());
  }

  /** Starts over: at once with a `controlIdProvider`, otherwise when a new `control-id` is set. */
  reset() {
    this.close();
    this.removeAttribute("control-id");
    this.#render(BLANK);
    this.#queueStart();
  }

  /** Ends the session and wipes it. */
  close() {
    this.#startIfQueued();
    if (!this.#session && !this.#opening) return;
    const { code, retryable } = this.#session?.close() ?? new CardPinError("closed");
    this.#session = this.#opening = undefined;
    this.#fail(code, retryable);
  }

  /** @param {string} problem @param {boolean} retryable */
  #fail(problem, retryable) {
    this.#render({ phase: "failed", digits: 0, problem, canRestart: retryable && this.#controlIdProvider !== undefined });
  }

  /** @param {string} event */
  #refuse(event) {
    this.#tell({ event, code: "control_id_missing", retryable: true });
    return Promise.reject(new CardPinError("control_id_missing"));
  }

  #onLeave = () => {
    if (this.#state.phase === "shown" && (document.hidden || !document.hasFocus())) this.#hide();
  };

  #hide() {
    this.#session?.close();
    this.#session = undefined;
    this.#render({ phase: "hidden", canRestart: this.#controlIdProvider !== undefined });
  }

  /**
   * Several attributes that are set one after the other start one session. To load, to draw and to start a vault are three
   * tasks, so that none is long on a slow device; who needs what is queued has it at once.
   */
  #queueStart() {
    if (this.#isStartQueued) return;
    this.#isStartQueued = true;
    setTimeout(() => this.#startIfQueued());
  }

  #startIfQueued() {
    if (!this.#isStartQueued) return;
    this.#isStartQueued = false;
    if (this.isConnected) this.#start();
  }

  #start() {
    this.#session?.close();
    this.#session = this.#opening = undefined;
    if (!this.#pane || this.#views !== this.#pane instanceof ViewPane) this.#pane = this.#makePane();
    this.#state = BLANK;
    if (this.#controlIdProvider || this.getAttribute("control-id")) this.#prepare();
    this.#layKeys();
  }

  get #views() {
    return this.getAttribute("operation") === "view-pin";
  }

  #makePane() {
    return this.#views ? new ViewPane(this.#root, this.#actions) : new Pad(this.#root, this.#actions);
  }

  #prepare() {
    try {
      const options = this.#options();
      const { minLength, maxLength, confirm } = toVaultConfig(options);
      this.#state = { ...BLANK, phase: "open", minLength, maxLength, confirm };
      this.#opening = options;
      setTimeout(() => this.#opening === options && this.#open());
    } catch (error) {
      // The integrator's mistake: the message names the attribute, and goes where a developer looks.
      this.#state = { ...BLANK, phase: "unusable" };
      reportError(error);
    }
  }

  /** The session, which is opened if it was about to be. */
  #open() {
    this.#startIfQueued();
    const options = this.#opening;
    if (!options) return this.#session;
    this.#opening = undefined;
    const session = (this.#session = new PinSession(options));
    for (const name of EVENTS) session.addEventListener(name, (event) => this.#onSessionEvent(event));
    return session;
  }

  /** @returns {PinSessionOptions} */
  #options() {
    const { workerUrl, wasmUrl, scalarWasmUrl } = this;
    /** @type {Record<string, any>} */
    const options = given({ controlIdProvider: this.#controlIdProvider, workerUrl, wasmUrl, scalarWasmUrl });
    if (this.#pane instanceof ViewPane) options.canvas = this.#pane.makeCanvas();
    for (const [attribute, option] of Object.entries(ATTRIBUTES)) {
      const value = this.getAttribute(attribute);
      if (value !== null) options[option] = value;
    }
    for (const option of ["minLength", "maxLength", "timeoutMs", "keySize"]) {
      if (option in options) options[option] = Number(options[option]);
    }
    if ("confirm" in options) options.confirm = oneOf("confirm", options.confirm, ["on", "off"]) === "on";
    return /** @type {PinSessionOptions} */ (options);
  }

  #layKeys() {
    const kind = this.getAttribute("keypad") ?? "fixed";
    try {
      this.#pane?.layKeys(oneOf("keypad", /** @type {"fixed" | "shuffled" | "none"} */ (kind), ["fixed", "shuffled", "none"]));
      this.#render({});
    } catch (error) {
      reportError(error);
    }
  }

  /** @param {Key} key */
  #press(key) {
    this.#edit((session) => (key === "erase" ? session.erase() : session.press(key)));
  }

  /**
   * Passes on what the customer does. What it comes to is the vault's to say: what is drawn here may be a few digits
   * behind a fast typist.
   * @param {(session: PinSession) => void} edit
   */
  #edit(edit) {
    const session = this.#open();
    if (session?.state !== "preparing" && session?.state !== "ready") return;
    this.#render({ problem: undefined });
    edit(session);
  }

  /** `Enter` and the wide button: the next step, the submit, or a new start. */
  #advance() {
    if (this.#state.canRestart) this.reset();
    else this.#edit((session) => session.advance());
  }

  /** @param {KeyboardEvent} event */
  #onKeyDown(event) {
    if (!event.isTrusted || event.ctrlKey || event.altKey || event.metaKey) return;
    const { key } = event;
    if (/^[0-9]$/.test(key)) {
      if (!event.repeat) this.#press(Number(key));
    } else if (key === "Backspace") this.#press("erase");
    else if (key === "Delete" || key === "Escape") this.clear();
    else if (key === "Enter") this.#advance();
    else return;
    event.preventDefault();
  }

  /** @param {Event} event */
  #onSessionEvent(event) {
    const { detail } = /** @type {CustomEvent} */ (event);
    switch (detail.event) {
      case "submitting":
        this.#render({ phase: "submitting", problem: undefined });
        break;
      case "pin_valid":
        this.#render({ step: detail.step, digits: detail.digits });
        break;
      case "set_pin_validation_error":
        // A pad that is full takes no more digits: nothing was tried that failed.
        if (detail.code === "too_long") return;
        this.#render({ problem: detail.code });
        break;
      case "set_pin_success":
        this.#render({ phase: "done", digits: 0, problem: undefined });
        break;
      case "view_pin_success":
        this.#render({ phase: "shown", problem: undefined });
        break;
      case "spell":
        if (this.#pane instanceof ViewPane) this.#pane.spell(detail.digit, detail.place);
        return;
      case "hidden":
        return this.#hide();
      case "set_pin_error":
      case "view_pin_error":
        this.#fail(detail.code, detail.retryable);
    }
    this.#tell(detail);
  }

  /** @param {Partial<PadState>} change */
  #render(change) {
    this.#state = { ...this.#state, ...change };
    this.#pane?.render(this.#state);
  }

  /** @param {{event: string, [field: string]: unknown}} detail */
  #tell(detail) {
    this.dispatchEvent(new CustomEvent(detail.event, { detail, bubbles: true, composed: true }));
  }
}

for (const [attribute, property] of Object.entries(ATTRIBUTES)) {
  Object.defineProperty(CardPin.prototype, property, {
    configurable: true,
    enumerable: true,
    /** @this {CardPin} */
    get() {
      return this.getAttribute(attribute);
    },
    /** @this {CardPin} @param {string | number | null | undefined} value */
    set(value) {
      if (value === null || value === undefined) this.removeAttribute(attribute);
      else this.setAttribute(attribute, String(value));
    },
  });
}

// Loaded twice, say in two bundles, the first one stays.
if (!customElements.get("card-pin")) customElements.define("card-pin", CardPin);
