// @ts-check

/**
 * An error: a code without data. `retryable` says whether a new session with a new control id may succeed without anybody
 * looking into the error first.
 */
export class CardPinError extends Error {
  /**
   * @param {string} code one of the codes listed in card-pin.d.ts
   * @param {boolean} [retryable]
   */
  constructor(code, retryable = true) {
    super(`The PIN session reported "${code}".`);
    this.name = "CardPinError";
    this.code = code;
    this.retryable = retryable;
  }
}
