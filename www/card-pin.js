// @ts-check

/** Registers `<card-pin>`. It can also be imported without a document, as on a server, and then defines nothing. */

import { CardPin } from "./element.js";
import { CardPinError, PinSession } from "./pin-session.js";

export { CardPin, CardPinError, PinSession };

// If it is loaded twice, for example in two bundles, the first definition stays.
if (globalThis.customElements && !customElements.get("card-pin")) customElements.define("card-pin", CardPin);
