/**
 * `card-pin`, with the types of `<card-pin>` for Solid's JSX: `<card-pin prop:controlIdProvider={ask} on:pin_valid={listen} />`. Without
 * `prop:`, Solid writes the name of a property in lower case, and the pad does not get it.
 */

import type { JSX } from "solid-js";
import type { CardPin } from "../card-pin.js";
import type { CardPinAttributes, CardPinProperties } from "./attributes.js";
import type { Listeners, Prefixed, With } from "./jsx.js";

export * from "../card-pin.js";

declare module "solid-js" {
  namespace JSX {
    interface IntrinsicElements {
      "card-pin": With<CardPinAttributes & Prefixed<"prop:", CardPinProperties> & Listeners<"on:">, JSX.HTMLAttributes<CardPin>>;
    }
  }
}
