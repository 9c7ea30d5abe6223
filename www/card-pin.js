// @ts-check

/** Registers `<card-pin>`. It can also be imported without a document, as on a server, and then defines nothing. */

import { CardPin } from "./element.js";
import { CardPinError, PinSession } from "./pin-session.js";

export { CardPin, CardPinError, PinSession };

// Loaded twice, say in two bundles, the first one stays.
if (globalThis.customElements && !customElements.get("card-pin")) customElements.define("card-pin", CardPin);
