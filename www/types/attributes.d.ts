// Made from card-pin.d.ts by custom-elements.mjs.

import type { ControlIdProvider, PadWords, PinBlockFormat, PinRules } from "../card-pin.js";

/** The attributes of `<card-pin>`. */
export interface CardPinAttributes {
  /** Whether a PIN is set or viewed; default `set-pin`. */
  operation?: "set-pin" | "view-pin" | undefined;
  /** The one-use token, 1 to 4096 visible ASCII characters; setting it starts a session. The TZPK is asked for as soon as the key pair is made; the PIN to be viewed, when the customer asks for it. */
  "control-id"?: string | undefined;
  /** For how many seconds from then on that control id is valid, at most a day. The customer is warned in the last minute, and a session in which nothing was submitted by then ends with `control_id_expired`. */
  "expires-in"?: number | string | undefined;
  /** Where the public key is posted, to set a PIN: http or https, relative to the document. */
  "tzpk-url"?: string | undefined;
  /** Where the encrypted PIN block is posted, to set a PIN. */
  "set-url"?: string | undefined;
  /** Where the public key is posted and the encrypted PIN comes from, to view a PIN. */
  "view-url"?: string | undefined;
  /** Where the pad asks, after an unknown outcome, whether the PIN was set. Without it, the pad does not ask. */
  "status-url"?: string | undefined;
  /** How many digits a PIN has at least, 4 to 12; default 4. */
  "min-length"?: number | string | undefined;
  /** How many digits a PIN has at most, `minLength` to 12; default `minLength`. */
  "max-length"?: number | string | undefined;
  /** Whether the PIN is entered twice; default `on`. */
  confirm?: "on" | "off" | undefined;
  /** Whether easily guessed PINs are refused; default `reject`. */
  "weak-pin"?: "reject" | "allow" | undefined;
  /** The order of the keys, or `none`: then digits only come from a keyboard; default `fixed`. */
  keypad?: "fixed" | "shuffled" | "none" | undefined;
  /** Light, dark, or according to the `color-scheme` of the page; default `auto`. */
  theme?: "light" | "dark" | "auto" | undefined;
  /** The time-out of each request, and of the provider's answer, in milliseconds; default 10000. */
  "timeout-ms"?: number | string | undefined;
  /** Bits of the RSA modulus: 2048, 3072 or 4096; default 2048. */
  "key-size"?: 2048 | 3072 | 4096 | `${2048 | 3072 | 4096}` | undefined;
  /** Which PIN block formats the server may ask for, of 0, 1, 3 and 4, as text separated by spaces; default `1 4`. Format 4 means AES. */
  "pin-block-formats"?: readonly PinBlockFormat[] | string | undefined;
  /** Which requests carry cookies, as in `fetch`; default `omit`. */
  credentials?: "omit" | "same-origin" | "include" | undefined;
  /** `worker`: fail with `isolation_unavailable` rather than hold the PIN on the page; default `any`. */
  isolation?: "any" | "worker" | undefined;
  /** `off`: mistakes of the page are not explained in the console; default `on`. */
  hints?: "on" | "off" | undefined;
}

/** The properties of `<card-pin>`. */
export interface CardPinProperties {
  /** Whether a PIN is set or viewed; default `set-pin`. */
  operation?: "set-pin" | "view-pin" | undefined;
  /** The one-use token, 1 to 4096 visible ASCII characters; setting it starts a session. The TZPK is asked for as soon as the key pair is made; the PIN to be viewed, when the customer asks for it. */
  controlId?: string | undefined;
  /** For how many seconds from then on that control id is valid, at most a day. The customer is warned in the last minute, and a session in which nothing was submitted by then ends with `control_id_expired`. */
  expiresIn?: number | string | undefined;
  /** Where the public key is posted, to set a PIN: http or https, relative to the document. */
  tzpkUrl?: string | undefined;
  /** Where the encrypted PIN block is posted, to set a PIN. */
  setUrl?: string | undefined;
  /** Where the public key is posted and the encrypted PIN comes from, to view a PIN. */
  viewUrl?: string | undefined;
  /** Where the pad asks, after an unknown outcome, whether the PIN was set. Without it, the pad does not ask. */
  statusUrl?: string | undefined;
  /** How many digits a PIN has at least, 4 to 12; default 4. */
  minLength?: number | string | undefined;
  /** How many digits a PIN has at most, `minLength` to 12; default `minLength`. */
  maxLength?: number | string | undefined;
  /** Whether the PIN is entered twice; default `on`. */
  confirm?: "on" | "off" | undefined;
  /** Whether easily guessed PINs are refused; default `reject`. */
  weakPin?: "reject" | "allow" | undefined;
  /** The order of the keys, or `none`: then digits only come from a keyboard; default `fixed`. */
  keypad?: "fixed" | "shuffled" | "none" | undefined;
  /** Light, dark, or according to the `color-scheme` of the page; default `auto`. */
  theme?: "light" | "dark" | "auto" | undefined;
  /** The time-out of each request, and of the provider's answer, in milliseconds; default 10000. */
  timeoutMs?: number | string | undefined;
  /** Bits of the RSA modulus: 2048, 3072 or 4096; default 2048. */
  keySize?: 2048 | 3072 | 4096 | `${2048 | 3072 | 4096}` | undefined;
  /** Which PIN block formats the server may ask for, of 0, 1, 3 and 4, as text separated by spaces; default `1 4`. Format 4 means AES. */
  pinBlockFormats?: readonly PinBlockFormat[] | string | undefined;
  /** Which requests carry cookies, as in `fetch`; default `omit`. */
  credentials?: "omit" | "same-origin" | "include" | undefined;
  /** `worker`: fail with `isolation_unavailable` rather than hold the PIN on the page; default `any`. */
  isolation?: "any" | "worker" | undefined;
  /** `off`: mistakes of the page are not explained in the console; default `on`. */
  hints?: "on" | "off" | undefined;
  /** The source of a control id instead of `controlId`; it has no attribute. The one that was set last is asked. */
  controlIdProvider?: ControlIdProvider | undefined;
  /** Texts that replace the pad's own, by group and key as in the files of `languages/`; it has no attribute. All others stay: `{ pad: { choose: "Pick a PIN" } }`. Any other key throws a `TypeError`. */
  words?: PadWords | undefined;
  /** More headers for the requests, at most 20, such as a token against request forgery; it has no attribute. */
  requestHeaders?: Record<string, string> | undefined;
  /** Facts about this customer, of which no PIN may be made; it has no attribute. */
  pinRules?: PinRules | undefined;
  /** Where `card-pin.worker.js` is, relative to the document; it has no attribute, so that markup cannot name a script. */
  workerUrl?: string | undefined;
  /** Where `card_pin_bg.wasm` is, relative to the document; it has no attribute. */
  wasmUrl?: string | undefined;
  /** Where `card_pin_scalar_bg.wasm` is, relative to the document; it has no attribute. */
  scalarWasmUrl?: string | undefined;
}
