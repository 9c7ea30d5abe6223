/** `card-pin/session`: only `PinSession`, for a page that draws its own pad. */

export { CardPinError, PinSession } from "./card-pin.js";
export type {
  ControlIdProvider,
  Isolation,
  PinBlockFormat,
  PinRules,
  PinSessionEventMap,
  PinSessionOptions,
  SessionErrorCode,
  SetPinOptions,
  ValidationErrorCode,
  ViewPinOptions,
  WeakReason,
} from "./card-pin.js";
