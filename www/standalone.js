// @ts-check

/**
 * `card-pin.standalone.js`, one classic script: registers `<card-pin>` and puts the exports of `card-pin.js` on the global
 * object, under the same names. Without a document, as on a server, it does neither.
 */

import { CardPin, CardPinError, PinSession } from "./card-pin.js";

if (globalThis.document) Object.assign(globalThis, { CardPin, CardPinError, PinSession });
