/**
 * `card-pin/mock`: the element and the session with a stand-in for the vault, for unit tests and design. The same classes and
 * events, without network, worker or WebAssembly. It sets no PIN: the console says so, each element has `data-mock`, and it
 * does not run under a policy that forbids `eval`, as that of a page for customers does.
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

/** What the stand-in does, from now on. */
export interface Mock {
  /** How sessions end: with this code, or, where it is `null`, with a success. */
  outcome: SessionErrorCode | null;
  /** For which reason each first entry is refused as easily guessed; `null`, the default, for none. */
  weak: WeakReason | null;
  /** How long a submit takes, in milliseconds; default 0. `Infinity`: until the session is closed. */
  delayMs: number;
  /** Types digits as a customer does, in the session that was started last. */
  enter(digits: string): void;
  /** Gives all of these their defaults back. */
  reset(): void;
}

export const mock: Mock;
