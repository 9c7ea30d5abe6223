// @ts-check

/** The digits that are typed in `card-pin/mock`, once or twice. The rules are those of `src/entry.rs`. */

/** @typedef {{minLength: number, maxLength: number, confirm: boolean}} Rules */

export class MockEntry {
  #rules;
  #isWeak;
  /** @type {number[]} */
  #first = [];
  /** @type {number[] | undefined} */
  #second;

  /** @param {Rules} rules @param {() => boolean} isWeak whether a first entry is easily guessed */
  constructor(rules, isWeak) {
    this.#rules = rules;
    this.#isWeak = isWeak;
  }

  get step() {
    return this.#second ? "confirm" : "entry";
  }

  get digits() {
    return this.#current.length;
  }

  get isValid() {
    return !this.#awaitsConfirm && this.#fault === undefined;
  }

  /** @param {number} digit @returns {string | undefined} why it is refused */
  press(digit) {
    const { minLength, maxLength } = this.#rules;
    if (this.digits === maxLength) return "too_long";
    this.#current.push(digit);
    return this.digits === maxLength && minLength === maxLength ? this.confirm() : undefined;
  }

  erase() {
    this.#current.pop();
  }

  clear() {
    this.#current.length = 0;
  }

  forget() {
    this.#first = [];
    this.#second = undefined;
  }

  /** Moves on to the second entry. @returns {string | undefined} why that is refused */
  confirm() {
    if (!this.#awaitsConfirm || this.digits === 0) return undefined;
    const fault = this.#faultOfFirst;
    if (fault) return this.#recover(fault);
    this.#second = [];
    return undefined;
  }

  /** Ends the entry, or moves on to the second. @returns {string | undefined} why that is refused; `goes on` if it does */
  advance() {
    return this.#awaitsConfirm ? (this.confirm() ?? "goes on") : this.finish();
  }

  /** @returns {string | undefined} why it is refused */
  finish() {
    return this.#fault && this.#recover(this.#fault);
  }

  get #current() {
    return this.#second ?? this.#first;
  }

  get #awaitsConfirm() {
    return this.#rules.confirm && !this.#second;
  }

  get #faultOfFirst() {
    return this.#first.length < this.#rules.minLength ? "too_short" : this.#isWeak() ? "weak_pin" : undefined;
  }

  get #fault() {
    if (this.#faultOfFirst || !this.#rules.confirm) return this.#faultOfFirst;
    if (!this.#second || this.#second.length < this.#rules.minLength) return "too_short";
    return String(this.#second) === String(this.#first) ? undefined : "mismatch";
  }

  /** Refuses an entry. If it is too short, the customer can continue to type. @param {string} fault */
  #recover(fault) {
    if (fault !== "too_short") this.forget();
    return fault;
  }
}
