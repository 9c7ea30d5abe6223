/**
 * card-pin: the customer chooses the PIN of a payment card on their own device.
 *
 * ```html
 * <script type="module" src="/card-pin/card-pin.js"></script>
 * <card-pin control-id="…" tzpk-url="/pin/tzpk" set-url="/pin/set"></card-pin>
 * ```
 */

/*
 * `card-pin.standalone.js` is everything in one classic script, worker and WebAssembly included, for web views that load from
 * `file://`, a string or an app bundle. It registers `<card-pin>` as well, and puts `CardPin`, `PinSession` and
 * `CardPinError` on `globalThis` instead of exporting them. If the page's policy or origin allows no worker from a
 * `blob:` address, the vault runs on the page (`isolation` is `"page"`).
 *
 * A page loaded from `file://` or from a string without an address has the origin `null`: the servers of `tzpkUrl` and
 * `setUrl` then have to answer the preflight `OPTIONS` with `Access-Control-Allow-Origin: null` (or `*`: requests carry no
 * credentials) and `Access-Control-Allow-Headers: content-type`, and every answer with the first of the two.
 */

import type { CardPinEventMap, ControlIdProvider, PinBlockFormat, PinRules } from "./types/session.js";

export * from "./types/session.js";

/** The events of `<card-pin>`: those of every element, and its own. */
export type CardPinElementEventMap = Omit<HTMLElementEventMap, keyof CardPinEventMap> & CardPinEventMap;

/**
 * The element `<card-pin>`. Its properties reflect its attributes, unless their comment says otherwise. A value that is
 * assigned during a session counts for the next one. But `keypad`, `theme`, `lang` and `words` count at once, a `controlIdProvider`
 * counts from the next question on, and another `operation` ends a session that has not sent the PIN.
 */
export class CardPin extends HTMLElement {
  /** The version of this build and, after a `+`, its commit; for example `0.1.0+3f2c9a1b7d04`. */
  static readonly version: string;
  /** Whether a PIN is set or viewed; default `set-pin`. */
  operation: "set-pin" | "view-pin" | null;
  /**
   * The one-use token, 1 to 4096 visible ASCII characters; setting it starts a session. The TZPK is asked for as soon as the key
   * pair is made; the PIN to be viewed, when the customer asks for it.
   */
  controlId: string | null;
  /**
   * For how many seconds from then on that control id is valid, at most a day. The customer is warned in the last minute, and a
   * session in which nothing was submitted by then ends with `control_id_expired`.
   */
  get expiresIn(): string | null;
  set expiresIn(seconds: number | string | null | undefined);
  /** Where the public key is posted, to set a PIN: http or https, relative to the document. */
  tzpkUrl: string | null;
  /** Where the encrypted PIN block is posted, to set a PIN. */
  setUrl: string | null;
  /** Where the public key is posted and the encrypted PIN comes from, to view a PIN. */
  viewUrl: string | null;
  /** Where the pad asks, after an unknown outcome, whether the PIN was set. Without it, the pad does not ask. */
  statusUrl: string | null;
  /** How many digits a PIN has at least, 4 to 12; default 4. */
  get minLength(): string | null;
  set minLength(digits: number | string | null | undefined);
  /** How many digits a PIN has at most, `minLength` to 12; default `minLength`. */
  get maxLength(): string | null;
  set maxLength(digits: number | string | null | undefined);
  /** Whether the PIN is entered twice; default `on`. */
  confirm: "on" | "off" | null;
  /** Whether easily guessed PINs are refused; default `reject`. */
  weakPin: "reject" | "allow" | null;
  /** The order of the keys, or `none`: then digits only come from a keyboard; default `fixed`. */
  keypad: "fixed" | "shuffled" | "none" | null;
  /** Light, dark, or according to the `color-scheme` of the page; default `auto`. */
  theme: "light" | "dark" | "auto" | null;
  /** The time-out of each request, and of the provider's answer, in milliseconds; default 10000. */
  get timeoutMs(): string | null;
  set timeoutMs(milliseconds: number | string | null | undefined);
  /** Bits of the RSA modulus: 2048, 3072 or 4096; default 2048. */
  get keySize(): string | null;
  set keySize(bits: 2048 | 3072 | 4096 | `${2048 | 3072 | 4096}` | null | undefined);
  /** Which PIN block formats the server may ask for, of 0, 1, 3 and 4, as text separated by spaces; default `1 4`. Format 4 means AES. */
  get pinBlockFormats(): string | null;
  set pinBlockFormats(formats: readonly PinBlockFormat[] | string | null | undefined);
  /** Which requests carry cookies, as in `fetch`; default `omit`. */
  credentials: "omit" | "same-origin" | "include" | null;
  /** `worker`: fail with `isolation_unavailable` rather than hold the PIN on the page; default `any`. */
  isolation: "any" | "worker" | null;
  /** `off`: mistakes of the page are not explained in the console; default `on`. */
  hints: "on" | "off" | null;
  /** The source of a control id instead of `controlId`; it has no attribute. The one that was set last is asked. */
  controlIdProvider: ControlIdProvider | undefined;
  /**
   * Texts that replace the pad's own, by group and key as in the files of `languages/`; it has no attribute. All others stay:
   * `{ pad: { choose: "Pick a PIN" } }`. Any other key throws a `TypeError`.
   */
  words: PadWords;
  /** More headers for the requests, at most 20, such as a token against request forgery; it has no attribute. */
  requestHeaders: Record<string, string> | undefined;
  /** Facts about this customer, of which no PIN may be made; it has no attribute. */
  pinRules: PinRules | undefined;
  /** Where `card-pin.worker.js` is, relative to the document; it has no attribute, so that markup cannot name a script. */
  workerUrl: string | undefined;
  /** Where `card_pin_bg.wasm` is, relative to the document; it has no attribute. */
  wasmUrl: string | undefined;
  /** Where `card_pin_scalar_bg.wasm` is, relative to the document; it has no attribute. */
  scalarWasmUrl: string | undefined;
  addEventListener<Name extends keyof CardPinElementEventMap>(
    type: Name,
    listener: (this: CardPin, event: CardPinElementEventMap[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<Name extends keyof CardPinElementEventMap>(
    type: Name,
    listener: (this: CardPin, event: CardPinElementEventMap[Name]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ): void;
  /** Submits. */
  setPin(): Promise<void>;
  /** Asks for the PIN to be shown. A PIN that arrived while nobody looked is shown now. */
  viewPin(): Promise<void>;
  /** Empties the current entry. */
  clear(): void;
  /**
   * Ends the session and starts again: at once with a `controlIdProvider`, otherwise when a new `control-id` is set. While the
   * PIN may be on its way, this waits for the outcome.
   */
  reset(): void;
  /** Ends the session and wipes it: with `closed`, or with `outcome_unknown` if the PIN may be on its way. */
  close(): void;
}

/** A text, or one for each plural category of the language, and for the others `other`. Placeholders such as `{count}` are filled in. */
export type PadText = string | ({ other: string } & Partial<Record<Intl.LDMLPluralRule, string>>);

/** Texts of the pad, by group and key. */
export type PadWords = Partial<
  Record<"pad" | "refusals" | "errors" | "view" | "viewErrors", Record<string, PadText>>
>;

/** The events that bubble, with names that no other element uses. */
type EventsOfPins = Pick<
  CardPinEventMap,
  | "pin_valid"
  | "set_pin_validation_error"
  | "set_pin_success"
  | "set_pin_error"
  | "view_pin_success"
  | "view_pin_error"
>;

declare global {
  interface HTMLElementTagNameMap {
    "card-pin": CardPin;
  }
  // Other elements may have a `ready`, `hidden`, `submitting` or `cancel` of their own, which bubble as well.
  interface DocumentEventMap extends EventsOfPins {}
  interface WindowEventMap extends EventsOfPins {}
}
