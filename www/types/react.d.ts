/**
 * `card-pin`, with the types of `<card-pin>` for React's JSX.
 *
 * React 19 takes attributes, properties and listeners: `<card-pin controlIdProvider={ask} onpin_valid={listen} />`. React 18
 * takes only attributes, and a `ref` is needed for the rest: `ref.current.controlIdProvider = ask`.
 */

import type * as React from "react";
import type { CardPin } from "../card-pin.js";
import type { CardPinAttributes, CardPinProperties } from "./attributes.js";
import type { Listeners, With } from "./jsx.js";

export * from "../card-pin.js";

type Html = React.DetailedHTMLProps<React.HTMLAttributes<CardPin>, CardPin>;

/** React 18 writes `class` unchanged, and drops functions and objects. */
type For18 = With<CardPinAttributes & { class?: string | undefined }, Omit<Html, "className">>;

type For19 = With<CardPinAttributes & CardPinProperties & Listeners<"on">, Html>;

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      // Only React 19 has `use`.
      "card-pin": typeof React extends { use: unknown } ? For19 : For18;
    }
  }
}
