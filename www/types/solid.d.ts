/** `card-pin`, with the types of `<card-pin>` for Solid's JSX: `<card-pin controlIdProvider={ask} on:pin_valid={listen} />`. */

import type { JSX } from "solid-js";
import type { CardPin } from "../card-pin.js";
import type { CardPinAttributes, CardPinProperties } from "./attributes.js";
import type { Listeners, With } from "./jsx.js";

export * from "../card-pin.js";

declare module "solid-js" {
  namespace JSX {
    interface IntrinsicElements {
      "card-pin": With<CardPinAttributes & CardPinProperties & Listeners<"on:">, JSX.HTMLAttributes<CardPin>>;
    }
  }
}
