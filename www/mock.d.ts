/**
 * `card-pin/mock`: the element and the session with a stand-in for the vault, for unit tests and design. The same classes and
 * events, without network, worker or WebAssembly. It sets no PIN: the console says so, each element has `data-mock`, and it
 * does not run under a policy that forbids `eval`, like that of a page for customers.
 *
 * ```js
 * import { mock } from "card-pin/mock";
 * mock.outcome = "network";
 * mock.enter("48264826"); // after the event `ready`
 * await pad.setPin(); // rejected with `network`
 * ```
 */

import type { SessionErrorCode, WeakReason } from "./card-pin.js";

export { CardPin, CardPinError, PinSession } from "./card-pin.js";

/** The behaviour of the stand-in. */
export interface Mock {
  /** How sessions end: with this code, or with a success if it is `null`. */
  outcome: SessionErrorCode | null;
  /** The reason for which each first entry is refused as easily guessed; with `null`, the default, none is. */
  weak: WeakReason | null;
  /** How long a submit takes, in milliseconds; default 0. `Infinity`: until the session is closed. */
  delayMs: number;
  /** Types digits as a customer does, in the session that was started last. */
  enter(digits: string): void;
  /** Resets all of these to their defaults. */
  reset(): void;
}

export const mock: Mock;
