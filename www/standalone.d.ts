/** `card-pin/standalone`: everything in one classic script. It registers `<card-pin>`, and these are on the global object. */

import type * as cardPin from "./card-pin.js";

declare global {
  var CardPin: typeof cardPin.CardPin;
  var CardPinError: typeof cardPin.CardPinError;
  var PinSession: typeof cardPin.PinSession;
}
