/**
 * `card-pin`, with the types of `<card-pin>` for Vue's templates: `<card-pin :controlIdProvider="ask" @pin_valid="listen" />`.
 * Properties keep their spelling: Vue makes `:control-id-provider` an attribute, which does nothing. Vue's compiler has to know
 * that it is an element of the browser: `isCustomElement: (tag) => tag === "card-pin"`.
 */

import type { HTMLAttributes, ReservedProps } from "vue";
import type { CardPin, CardPinEventMap } from "../card-pin.js";
import type { CardPinAttributes, CardPinProperties } from "./attributes.js";
import type { With } from "./jsx.js";

export * from "../card-pin.js";

/** The listeners as templates name them: `@pin_valid` is `onPin_valid`. */
type VueListeners = {
  [Name in keyof CardPinEventMap as `on${Capitalize<Name>}`]?: ((event: CardPinEventMap[Name]) => void) | undefined;
};

type Props = With<CardPinAttributes & CardPinProperties & VueListeners, HTMLAttributes & ReservedProps>;

declare module "vue" {
  interface GlobalComponents {
    "card-pin": new () => CardPin & { $props: Props };
  }
}

declare module "vue/jsx-runtime" {
  namespace JSX {
    interface IntrinsicElements {
      "card-pin": Props;
    }
  }
}
