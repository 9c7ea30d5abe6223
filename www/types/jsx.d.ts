import type { CardPinEventMap } from "../card-pin.js";

/** Properties, each under its name with a prefix: `prop:controlIdProvider`. */
export type Prefixed<Prefix extends string, Properties> = {
  [Name in keyof Properties as `${Prefix}${Name & string}`]: Properties[Name];
};

/** Listeners to the pad's events, each under its name with a prefix: `onpin_valid`. */
export type Listeners<Prefix extends string> = {
  [Name in keyof CardPinEventMap as `${Prefix}${Name}`]?: ((event: CardPinEventMap[Name]) => void) | undefined;
};

/** `Own`, and the other attributes of an element. */
export type With<Own, Element> = Own & Omit<Element, keyof Own>;
