// @ts-check

import { CardPinError } from "./error.js";
import { checkCanvas, toSettings } from "./options.js";
import { isDigit } from "./outward.js";
import { bare } from "./platform.js";
import { Session } from "./session.js";
import { eventsBetween, takesInput } from "./session-state.js";

export { CardPinError };

/** @import {Inward} from "./protocol.d.ts" */
/** @import {PinSessionOptions} from "./options.js" */
/** @import {SessionState} from "./session-state.js" */

/**
 * To set a PIN: `preparing → ready → submitting → done`; to view one: `preparing → ready → submitting → shown`. From each
 * to `failed` or `closed`; `submitting` goes back if the submit is refused.
 * @typedef {"preparing" | "ready" | "submitting" | "shown" | "done" | "failed" | "closed"} State
 */

/** One PIN being set or viewed, without a user interface. It knows how many digits were entered, and no digit. */
export class PinSession extends EventTarget {
  #session;

  /** @param {PinSessionOptions} options */
  constructor(options) {
    super();
    const own = bare(options);
    const { canvas, controlIdProvider } = own;
    checkCanvas(own);
    this.#session = new Session(toSettings(own), {
      canvas,
      page: canvas?.ownerDocument ?? document,
      askControlId: () => controlIdProvider?.(),
      onChange: (before, after) => {
        for (const detail of eventsBetween(before, after)) this.#tell(detail);
      },
      onTell: (detail) => this.#tell(detail),
    });
  }

  /** How many digits the current entry has. */
  get digits() {
    return this.#session.state.digits;
  }

  /** @returns {State} */
  get state() {
    return stateOf(this.#session.state);
  }

  /** Where the vault runs: in a worker of its own, or on the page if none can be started. */
  get isolation() {
    return this.#session.isolation;
  }

  /**
   * Enters a digit.
   * @param {number} digit a whole number from 0 to 9
   * @throws {CardPinError} `not_digits`; `closed` after the submit or the end
   */
  press(digit) {
    if (!isDigit(digit)) throw new CardPinError("not_digits");
    this.#edit({ press: digit });
  }

  /** Removes the last digit. @throws {CardPinError} `closed` */
  erase() {
    this.#edit("erase");
  }

  /** Empties the current entry. @throws {CardPinError} `closed` */
  clear() {
    this.#edit("clear");
  }

  /**
   * Makes the vault draw a PIN that it would accept, on the `canvas` of the options: until the customer types or does anything else
   * with the entry, which is emptied. @throws {CardPinError} `closed`
   */
  suggest() {
    this.#edit("suggest");
  }

  /** Moves on to the second entry. @throws {CardPinError} `closed` */
  confirm() {
    this.#edit("confirm");
  }

  /** Takes the next step, the second entry or the submit; without digits it does nothing. @throws {CardPinError} `closed` */
  advance() {
    if (this.#session.state.views) this.#session.say("advance");
    else this.#edit("advance");
  }

  /**
   * Submits. Submitting again while that is under way returns the same promise: `set` is sent once.
   * @returns {Promise<void>} fulfilled when the server accepted the PIN; rejected with a `CardPinError`
   */
  setPin() {
    return this.#session.state.views ? Promise.reject(new CardPinError("closed")) : this.#session.submit();
  }

  /**
   * Asks for the PIN to be shown.
   * @returns {Promise<void>} fulfilled when the PIN is drawn; rejected with a `CardPinError`
   */
  viewPin() {
    return this.#session.state.views ? this.#session.submit() : Promise.reject(new CardPinError("closed"));
  }

  /** Spells the shown or suggested PIN digit by digit, as `spell` events, for a screen reader. */
  spell() {
    this.#session.say("spell");
  }

  /** Ends the session and wipes the vault. The outcome of a `set` under way is then unknown. */
  close() {
    this.#session.close();
  }

  /** @param {Inward} message */
  #edit(message) {
    if (!takesInput(this.#session.state)) throw new CardPinError("closed");
    this.#session.say(message);
  }

  /** @param {{event: string, [field: string]: unknown}} detail */
  #tell(detail) {
    const told = detail.event === "ready" ? { ...detail, isolation: this.isolation } : detail;
    this.dispatchEvent(new CustomEvent(detail.event, bare({ detail: told })));
  }
}

/** @param {SessionState} state @returns {State} */
function stateOf(state) {
  const { phase, end, ready, views, submit, taken } = state;
  if (end) return end.code === "closed" || (end.code === null && views) ? "closed" : end.code === null ? "done" : "failed";
  if (phase === "shown") return "shown";
  if (phase === "submitting" || phase === "arrived" || submit > taken) return "submitting";
  return ready ? "ready" : "preparing";
}
