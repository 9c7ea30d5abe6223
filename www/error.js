// @ts-check

/**
 * What went wrong, as a code and never with data. `retryable` says whether starting again with a new control id
 * may succeed without anybody looking into it first.
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
