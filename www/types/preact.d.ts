/** `card-pin`, with the types of `<card-pin>` for Preact's JSX: `<card-pin controlIdProvider={ask} onpin_valid={listen} />`. */

import type { ClassAttributes, JSX } from "preact";
import type { CardPin } from "../card-pin.js";
import type { CardPinAttributes, CardPinProperties } from "./attributes.js";
import type { Listeners, With } from "./jsx.js";

export * from "../card-pin.js";

/** The attributes of every HTML element. Preact 10 and 11 have them under different names. */
type Html = Omit<JSX.IntrinsicElements["span"], "ref"> & ClassAttributes<CardPin>;

declare module "preact" {
  namespace JSX {
    interface IntrinsicElements {
      "card-pin": With<CardPinAttributes & CardPinProperties & Listeners<"on">, Html>;
    }
  }
}
