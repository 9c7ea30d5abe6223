// @ts-check

/**
 * `card-pin.standalone.js`, one classic script: registers `<card-pin>` and puts what `card-pin.js` exports on the global
 * object, under the same names.
 */

import { CardPin, CardPinError, PinSession } from "./card-pin.js";

Object.assign(globalThis, { CardPin, CardPinError, PinSession });
