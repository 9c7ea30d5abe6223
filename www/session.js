// @ts-check

import { vaultSource } from "card-pin-vault";
import { CardPinError } from "./error.js";
import { given, toVaultConfig } from "./options.js";
import { isDigit } from "./protocol.js";
import { VaultHost } from "./vault-host.js";

/** @import {Outward, SessionEvent} from "./protocol.js" */
/** @import {FromHost} from "./vault-host.js" */
/** @import {PinSessionOptions} from "./options.js" */

/**
 * To set a PIN: `preparing → ready → submitting → done`; to view one: `preparing → ready → submitting → shown`. From each
 * to `failed` or `closed`; `submitting` goes back where the submit is refused.
 * @typedef {"preparing" | "ready" | "submitting" | "shown" | "done" | "failed" | "closed"} State
 */

/**
 * @typedef {object} Submit
 * @property {Promise<void>} promise
 * @property {() => void} resolve
 * @property {(error: CardPinError) => void} reject
 */

/** @returns {Submit} */
function makeSubmit() {
  /** @type {Pick<Submit, "resolve" | "reject">} */
  let settle = { resolve() {}, reject() {} };
  /** @type {Promise<any>} */
  const promise = new Promise((resolve, reject) => (settle = { resolve: () => resolve(undefined), reject }));
  // Who listens to the events alone need not handle the promise.
  promise.catch(() => {});
  return { promise, ...settle };
}

/**
 * One PIN being set or viewed, without a user interface: the page's end of the vault's port. It knows how many digits
 * were entered, and passes each on the moment it is pressed; a PIN to be viewed is drawn by the vault.
 */
export class PinSession extends EventTarget {
  #digits = 0;
  #isReady = false;
  #isShown = false;
  /** @type {"done" | "failed" | "closed" | undefined} */
  #end;
  /** @type {Submit | undefined} */
  #submit;
  /** How many `advance` messages the vault has not answered; each may have led to a submit. */
  #advancing = 0;
  #views;
  #controlIdProvider;
  #host;

  /** @param {PinSessionOptions} options */
  constructor(options) {
    super();
    const own = given(options);
    const config = toVaultConfig(own);
    this.#views = config.view;
    this.#controlIdProvider = own.controlIdProvider;
    const canvas = config.view ? own.canvas : undefined;
    this.#host = new VaultHost(vaultSource(own, config.view), config, canvas, (message) => this.#receive(message));
  }

  /** How many digits the current entry holds. */
  get digits() {
    return this.#digits;
  }

  /** @returns {State} */
  get state() {
    if (this.#end) return this.#end;
    if (this.#submit) return "submitting";
    if (this.#isShown) return "shown";
    return this.#isReady ? "ready" : "preparing";
  }

  /** Where the PIN is held: in a worker of its own, or on the page where none can be started. */
  get isolation() {
    return this.#host.isolation;
  }

  /**
   * Enters a digit.
   * @param {number} digit a whole number from 0 to 9
   * @throws {CardPinError} `not_digits`; `closed` after the submit or the end
   */
  press(digit) {
    if (!isDigit(digit)) throw new CardPinError("not_digits");
    this.#edit({ do: "press", digit });
  }

  /** Takes the last digit back. @throws {CardPinError} `closed` */
  erase() {
    this.#edit({ do: "erase" });
  }

  /** Empties the current entry. @throws {CardPinError} `closed` */
  clear() {
    this.#edit({ do: "clear" });
  }

  /** Goes on to the second entry. @throws {CardPinError} `closed` */
  confirm() {
    this.#edit({ do: "confirm" });
  }

  /** Goes to whatever comes next, the second entry or the submit; without digits it does nothing. @throws {CardPinError} `closed` */
  advance() {
    this.#edit({ do: "advance" });
    this.#advancing += 1;
  }

  /**
   * Submits. Submitting again while that is under way gives the same promise: `set` is sent once.
   * @returns {Promise<void>} fulfilled when the server accepted the PIN; rejected with a `CardPinError`
   */
  setPin() {
    return this.#views ? Promise.reject(new CardPinError("closed")) : this.#ask();
  }

  /**
   * Asks for the PIN to be shown. With a control id that was given, that is done from the start.
   * @returns {Promise<void>} fulfilled when the PIN is drawn; rejected with a `CardPinError`
   */
  viewPin() {
    return this.#views ? this.#ask() : Promise.reject(new CardPinError("closed"));
  }

  /** Has the PIN that is shown told digit by digit, as `spell` events, for a screen reader. */
  spell() {
    if (this.#isShown) this.#host.post({ do: "spell" });
  }

  /**
   * Ends the session and has the vault wiped. The outcome of a `set` under way cannot be known.
   * @returns {CardPinError} what the session came to
   */
  close() {
    const error = this.#cutShort();
    if (!this.#end) this.#finish("closed", error);
    return error;
  }

  #ask() {
    if (this.#end || this.#isShown) return Promise.reject(new CardPinError("closed"));
    if (!this.#submit) {
      this.#submit = makeSubmit();
      this.#host.post({ do: "submit" });
    }
    return this.#submit.promise;
  }

  /** What a submit under way comes to when the vault is gone, or one that an `advance` without an answer may have begun. */
  #cutShort() {
    return (this.#submit || this.#advancing > 0) && !this.#views ? new CardPinError("outcome_unknown", false) : new CardPinError("closed");
  }

  /** @param {import("./protocol.js").Press | import("./protocol.js").Edit} message */
  #edit(message) {
    if (this.#end || this.#submit || this.#isShown) throw new CardPinError("closed");
    this.#host.post(message);
  }

  /** @param {Outward | FromHost} message */
  #receive(message) {
    if (!this.#awaits(message)) return;
    if ("event" in message) this.#onEvent(message);
    else if ("submitting" in message) this.#onSubmitting();
    else if ("advanced" in message) this.#advancing -= 1;
    else if ("ask" in message) this.#giveControlId();
    else if ("spell" in message) this.#tell({ event: "spell", digit: message.spell, place: message.place });
    else if ("hidden" in message) this.#onHidden();
    else if ("crashed" in message) this.#onCrash();
    else if ("restarted" in message) this.#onRestart();
  }

  /**
   * Whether a message belongs where the session is. One that does not comes from no vault that works, and changes nothing:
   * above all, no success is told of what was not submitted.
   * @param {Outward | FromHost} message
   */
  #awaits(message) {
    if ("ask" in message) return this.#submit !== undefined;
    if ("advanced" in message) return this.#advancing > 0;
    if ("spell" in message || "hidden" in message) return this.#isShown;
    if (!("event" in message)) return true;
    const { event } = message;
    if (event !== "ready" && (event === "view_pin_error" || event === "view_pin_success") !== this.#views) return false;
    return !event.endsWith("_success") || this.#submit !== undefined;
  }

  /** @param {SessionEvent} message */
  #onEvent(message) {
    switch (message.event) {
      case "ready":
        this.#isReady = true;
        return this.#tell({ event: message.event, isolation: this.isolation });
      case "pin_valid":
        this.#digits = message.digits;
        return this.#tell(message);
      case "set_pin_validation_error": {
        const { event, code, submit } = message;
        if (submit) this.#rejectSubmit(new CardPinError(code));
        return this.#tell({ event, code });
      }
      case "set_pin_success":
        this.#finish("done");
        return this.#tell(message);
      case "view_pin_success":
        this.#isShown = true;
        this.#submit?.resolve();
        this.#submit = undefined;
        return this.#tell(message);
      case "set_pin_error":
      case "view_pin_error":
        this.#finish("failed", new CardPinError(message.code, message.retryable));
        return this.#tell(message);
    }
  }

  #onSubmitting() {
    this.#submit ??= makeSubmit();
    this.#tell({ event: "submitting" });
  }

  #onHidden() {
    this.#finish("closed");
    this.#tell({ event: "hidden" });
  }

  /** A vault that is gone draws no more, and what it drew is to be taken away. */
  #onCrash() {
    if (this.#isShown) return this.#onHidden();
    const { code, retryable } = this.#cutShort();
    this.#onEvent({ event: this.#views ? "view_pin_error" : "set_pin_error", code, retryable });
  }

  /** A new vault has none of the digits, and has not heard of a submit. */
  #onRestart() {
    this.#advancing = 0;
    if (this.#views) {
      if (this.#submit) this.#host.post({ do: "submit" });
      return;
    }
    this.#onEvent({ event: "pin_valid", pin_valid: false, digits: 0, step: "entry" });
    if (this.#submit) this.#onEvent({ event: "set_pin_validation_error", code: "too_short", submit: true });
  }

  async #giveControlId() {
    /** @type {unknown} */
    let controlId;
    try {
      controlId = await this.#controlIdProvider?.();
    } catch {
      // No control id: the vault ends the session with the code for it.
    }
    this.#host.post(typeof controlId === "string" ? { do: "controlId", controlId } : { do: "controlId" });
  }

  /**
   * @param {"done" | "failed" | "closed"} end
   * @param {CardPinError} [error] what a submit under way is rejected with; without it, it is fulfilled
   */
  #finish(end, error) {
    this.#end = end;
    this.#digits = 0;
    this.#host.close();
    if (error) this.#rejectSubmit(error);
    else this.#submit?.resolve();
    this.#submit = undefined;
  }

  /** @param {CardPinError} error */
  #rejectSubmit(error) {
    const submit = this.#submit;
    this.#submit = undefined;
    submit?.reject(error);
  }

  /** @param {{event: string, [field: string]: unknown}} detail */
  #tell(detail) {
    this.dispatchEvent(new CustomEvent(detail.event, { detail: { ...detail } }));
  }
}
