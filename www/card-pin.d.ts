/**
 * card-pin: the customer chooses the PIN of a payment card on their own device.
 *
 * ```html
 * <script type="module" src="/card-pin/card-pin.js"></script>
 * <card-pin control-id="…" tzpk-url="/pin/tzpk" set-url="/pin/set"></card-pin>
 * ```
 */

/*
 * `card-pin.standalone.js` is all of it in one classic script, worker and WebAssembly included, for web views that load from
 * `file://`, a string or an app bundle. It registers `<card-pin>` as well, and puts `CardPin`, `PinSession` and
 * `CardPinError` on `globalThis` instead of exporting them. Where the page's policy or origin allows no worker from a
 * `blob:` address, the vault runs on the page (`isolation` is `"page"`).
 *
 * A page loaded from `file://` or from a string without an address has the origin `null`: whatever `tzpkUrl` and `setUrl`
 * name then has to answer the preflight `OPTIONS` with `Access-Control-Allow-Origin: null` (or `*`: requests carry no
 * credentials) and `Access-Control-Allow-Headers: content-type`, and every answer with the first of the two.
 */

/** What can go wrong while a session runs. */
export type SessionErrorCode =
  /** No control id was given. */
  | "control_id_missing"
  /** The provider failed, or returned something that is not a control id. */
  | "control_id_unavailable"
  /** The server does not know the control id any more (410, or 404 with a JSON body). */
  | "control_id_expired"
  /** The customer is not signed in any more (401, 403). */
  | "not_allowed"
  /** The server takes no more requests for now (408, 424, 425, 429; 503 with `Retry-After` before the PIN was sent). */
  | "busy"
  /** The control id was used before (409). */
  | "already_used"
  /** No answer: refused, cut, redirected, or offline. */
  | "network"
  /** No answer within `timeout-ms`, or the vault's two files were not there in twice that. */
  | "timeout"
  /** `set` was sent, and whether the PIN is set cannot be known: look at `pinStatus` before trying again. */
  | "outcome_unknown"
  /** The server failed (5xx) before the PIN was sent. */
  | "server_error"
  /** The server refused the request (another 4xx). */
  | "rejected"
  /** The answer was not the JSON expected, or larger than 64 KiB. */
  | "bad_response"
  /** The wrapped key is not usable, whatever the reason. */
  | "tzpk_invalid"
  /** The device has no source of random numbers. */
  | "entropy_unavailable"
  /** The page wants the PIN kept in a worker, and none can be started here. */
  | "isolation_unavailable"
  /** The worker or the core was not found, has the wrong type, or is blocked. */
  | "vault_missing"
  /** The device does not run WebAssembly, or a `workerUrl` names the worker that sets PINs where one is to be viewed. */
  | "wasm_unavailable"
  /** The session has ended (its page was left, for one, and has come back), or takes no input while it submits. */
  | "closed";

/** What can be wrong with an entry. */
export type ValidationErrorCode = "too_short" | "too_long" | "not_digits" | "weak_pin" | "mismatch";

/** An error that holds a code and no data. */
export class CardPinError extends Error {
  readonly name: "CardPinError";
  readonly code: SessionErrorCode | ValidationErrorCode;
  /** Whether starting again with a new control id may succeed without anybody looking into it first. */
  readonly retryable: boolean;
}

/** Where the PIN is held: in a worker of its own, or on the page where none can be started. */
export type Isolation = "worker" | "page";

/** The events and their `detail`. */
export interface CardPinEventDetails {
  /** A submit would go out at once. */
  ready: { event: "ready"; isolation: Isolation };
  /** The entry changed; `pin_valid` says whether a submit now would be sent. */
  pin_valid: { event: "pin_valid"; pin_valid: boolean; digits: number; step: "entry" | "confirm" };
  /** The entry, or a submit, was refused. */
  set_pin_validation_error: { event: "set_pin_validation_error"; code: ValidationErrorCode };
  /** The server accepted the PIN. */
  set_pin_success: { event: "set_pin_success" };
  /** The session failed; it starts over with a new control id. */
  set_pin_error: { event: "set_pin_error"; code: SessionErrorCode; retryable: boolean };
  /** The PIN is shown. */
  view_pin_success: { event: "view_pin_success" };
  /** The PIN could not be shown; the session starts over with a new control id. */
  view_pin_error: { event: "view_pin_error"; code: SessionErrorCode; retryable: boolean };
}

/** The events as dispatched. */
export type CardPinEventMap = { [Name in keyof CardPinEventDetails]: CustomEvent<CardPinEventDetails[Name]> };

/** Returns a fresh control id; called once both entries agree, and once more if that control id has expired. */
export type ControlIdProvider = () => string | Promise<string>;

/** What every session is made with. One of `controlId` and `controlIdProvider` is needed. */
export interface SessionOptions {
  /** The one-use token. The TZPK, or the PIN to be viewed, is asked for as soon as the key pair is made. */
  controlId?: string;
  /** Instead of `controlId`: nothing is sent until both entries agree, or until the customer asks to view the PIN. */
  controlIdProvider?: ControlIdProvider;
  /** For each request, in milliseconds; default 10000. */
  timeoutMs?: number;
  /** Bits of the RSA modulus; default 2048, the size that Enfuce documents. */
  keySize?: 2048 | 3072 | 4096;
  /**
   * Where `card-pin.worker.js` is, or to view a PIN `card-pin.view.worker.js`, relative to the document; default: beside
   * `card-pin.js`, or in the standalone.
   */
  workerUrl?: string;
  /** Where `card_pin_bg.wasm` is, relative to the document; default: beside `card-pin.js`, or in the standalone. */
  wasmUrl?: string;
  /**
   * Where `card_pin_scalar_bg.wasm` is, which a device without WebAssembly SIMD loads instead (before Safari 16.4, Chrome 91,
   * Firefox 89); the same default.
   */
  scalarWasmUrl?: string;
}

/** To set a PIN. */
export interface SetPinOptions extends SessionOptions {
  operation?: "set-pin";
  /** Where the public key is posted; http or https, relative to the document. */
  tzpkUrl: string;
  /** Where the encrypted PIN block is posted. */
  setUrl: string;
  /** 4 to 12; default 4. */
  minLength?: number;
  /** `minLength` to 12; default `minLength`. */
  maxLength?: number;
  /** Whether the PIN is entered twice; default `true`. */
  confirm?: boolean;
  /** Whether easily guessed PINs are refused; default `"reject"`. */
  weakPin?: "reject" | "allow";
}

/** To view the PIN of a card that was made. */
export interface ViewPinOptions extends SessionOptions {
  operation: "view-pin";
  /** Where the public key is posted and the encrypted PIN comes from; http or https, relative to the document. */
  viewUrl: string;
  /** Where the vault draws the PIN, in the canvas' `color`. One that no session had before. */
  canvas: HTMLCanvasElement;
}

export type PinSessionOptions = SetPinOptions | ViewPinOptions;

/**
 * One PIN being set or viewed, without a user interface. Besides the events above it tells `submitting` (a submit was
 * taken), `hidden` (the PIN that was shown is wiped, 30 seconds later) and, after `spell()`, `spell` with `digit` and `place`. Digits
 * that are not submitted are wiped when the page is hidden, which a `pin_valid` tells.
 */
export class PinSession extends EventTarget {
  /**
   * @throws {TypeError | RangeError} that names the option and what it takes
   * @throws {CardPinError} `control_id_missing`
   */
  constructor(options: PinSessionOptions);
  /** How many digits the current entry holds. */
  readonly digits: number;
  readonly state: "preparing" | "ready" | "submitting" | "shown" | "done" | "failed" | "closed";
  readonly isolation: Isolation;
  /**
   * Enters one digit, a whole number from 0 to 9. One too many is told by `set_pin_validation_error`.
   * @throws {CardPinError} `not_digits`, `closed`
   */
  press(digit: number): void;
  /** Takes the last digit back. @throws {CardPinError} `closed` */
  erase(): void;
  /** Empties the current entry. @throws {CardPinError} `closed` */
  clear(): void;
  /** Goes on to the second entry. @throws {CardPinError} `closed` */
  confirm(): void;
  /** Goes to whatever comes next, the second entry or the submit, as `Enter` does on the pad. @throws {CardPinError} `closed` */
  advance(): void;
  /** Submits; while that is under way, the same promise. @throws {CardPinError} as a rejection */
  setPin(): Promise<void>;
  /** Asks for the PIN to be shown; with a `controlId` that is done from the start. @throws {CardPinError} as a rejection */
  viewPin(): Promise<void>;
  /**
   * Has the PIN that is shown told digit by digit, as `spell` events, for a screen reader: only ever call it because the
   * customer asked for it. The last event has no `digit`.
   */
  spell(): void;
  /** Ends the session and wipes it. */
  close(): void;
  addEventListener<Name extends keyof CardPinEventMap>(
    type: Name,
    listener: (event: CardPinEventMap[Name]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/** The element `<card-pin>`. Its properties reflect its attributes. Besides the events above it tells `submitting`. */
export class CardPin extends HTMLElement {
  operation: "set-pin" | "view-pin" | null;
  controlId: string | null;
  tzpkUrl: string | null;
  setUrl: string | null;
  viewUrl: string | null;
  minLength: string | null;
  maxLength: string | null;
  confirm: "on" | "off" | null;
  weakPin: "reject" | "allow" | null;
  keypad: "fixed" | "shuffled" | "none" | null;
  timeoutMs: string | null;
  keySize: string | null;
  controlIdProvider: ControlIdProvider | undefined;
  /** As in `PinSessionOptions`, for the next session; no attributes, so that markup cannot name scripts. */
  workerUrl: string | undefined;
  wasmUrl: string | undefined;
  scalarWasmUrl: string | undefined;
  /** Submits. */
  setPin(): Promise<void>;
  /** Asks for the PIN to be shown. */
  viewPin(): Promise<void>;
  /** Empties the current entry. */
  clear(): void;
  /** Starts over: at once with a `controlIdProvider`, otherwise when a new `control-id` is set. */
  reset(): void;
  /** Ends the session and wipes it. */
  close(): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "card-pin": CardPin;
  }
  interface HTMLElementEventMap extends CardPinEventMap {}
}
