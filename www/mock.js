// @ts-check

/**
 * `card-pin/mock`: the element and the session with a stand-in for the vault, for tests and design. It needs no network, worker
 * or WebAssembly, sets no PIN, and shows that it is not the real one.
 */

import { CardPin as Real } from "./element.js";
import { mock } from "./mock-vault.js";
import { CardPinError, PinSession } from "./pin-session.js";

export { CardPinError, PinSession, mock };

export class CardPin extends Real {
  connectedCallback() {
    this.setAttribute("data-mock", "");
    super.connectedCallback();
  }
}

if (globalThis.customElements) {
  try {
    // The policy of a page for customers forbids this.
    new Function();
  } catch {
    throw new Error("card-pin/mock does not run under a policy that forbids eval, as that of a page for customers does");
  }
  console.warn("card-pin/mock: a stand-in for tests and design. It sets no PIN.");
  if (!customElements.get("card-pin")) customElements.define("card-pin", CardPin);
}
