/**
 * A PIN being set or viewed without a user interface: codes, events, options and `PinSession`.
 */

/** What can go wrong while a session runs. */
export type SessionErrorCode =
  /** No control id was given. */
  | "control_id_missing"
  /** The provider failed, or returned something that is not a control id. */
  | "control_id_unavailable"
  /** The server does not know the control id any more (410, or 404 with a JSON body), or `expiresIn` is over without a submit. */
  | "control_id_expired"
  /** The customer is not signed in any more (401, 403). */
  | "not_allowed"
  /** The server takes no more requests for now (408, 424, 425, 429; 503 with `Retry-After` before the PIN was sent). */
  | "busy"
  /** The control id was used before (409). */
  | "already_used"
  /** No answer: refused, cut, redirected, or offline. */
  | "network"
  /** No answer within `timeout-ms`; or the vault's two files were not there in twice that. */
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
  /** The device does not run WebAssembly. */
  | "wasm_unavailable"
  /** The session has ended (its page was left, for one, and has come back), or takes no input while it submits. */
  | "closed";

/** The errors of an entry. */
export type ValidationErrorCode = "too_short" | "too_long" | "not_digits" | "weak_pin" | "mismatch";

/** Why a PIN is refused as easily guessed: the first rule that it breaks, in this order. */
export type WeakReason =
  /** Digits in a row: `1234`. */
  | "run"
  /** Repeated digits: `2525`, `1122`, `123321`. */
  | "repeat"
  /** A year: `1987`. */
  | "year"
  /** A pattern on the keypad: `2580`, `789456`. */
  | "pattern"
  /** Many people choose it. */
  | "common"
  /** The PIN is made of the customer's data in `pinRules`. It is not reported of which. */
  | "personal";

/** An error with a code, its meaning as a sentence in `message`, and no data. */
export class CardPinError extends Error {
  constructor(code: SessionErrorCode | ValidationErrorCode, retryable?: boolean);
  readonly name: "CardPinError";
  /** The code of the error. */
  readonly code: SessionErrorCode | ValidationErrorCode;
  /** Whether the same customer may succeed with a new control id. */
  readonly retryable: boolean;
}

/** Where the vault runs: in a worker of its own, or on the page if none can be started. */
export type Isolation = "worker" | "page";

/**
 * The events and their `detail`. Each session ends with exactly one of `set_pin_success` and `set_pin_error`; or, if a PIN is
 * viewed, of `view_pin_error` and, after `view_pin_success`, `hidden`.
 */
export interface CardPinEventDetails {
  /** A submit would be sent at once. It comes again if another vault has taken the place of a lost one, and may then be on the page. */
  ready: { event: "ready"; isolation: Isolation };
  /** The entry changed; `pin_valid` says whether a submit now would be sent. */
  pin_valid: { event: "pin_valid"; pin_valid: boolean; digits: number; step: "entry" | "confirm" };
  /** The entry, or a submit, was refused; only `weak_pin` has a `reason`. */
  set_pin_validation_error: { event: "set_pin_validation_error"; code: ValidationErrorCode; reason?: WeakReason };
  /** A submit was accepted. */
  submitting: { event: "submitting" };
  /** The server accepted the PIN. */
  set_pin_success: { event: "set_pin_success" };
  /** The session failed, or was ended. */
  set_pin_error: { event: "set_pin_error"; code: SessionErrorCode; retryable: boolean };
  /** The PIN is shown. */
  view_pin_success: { event: "view_pin_success" };
  /** The PIN could not be shown, or the session was ended before it was. */
  view_pin_error: { event: "view_pin_error"; code: SessionErrorCode; retryable: boolean };
  /** A PIN that was shown is hidden again and wiped: after 30 seconds, or because nobody looked any more. */
  hidden: { event: "hidden" };
  /**
   * The customer wants to leave, and the page decides where to. A session that still runs ends after it, as with `close()`, unless
   * a listener calls `preventDefault()`. Only the element has this event: a `PinSession` has no button for it.
   */
  cancel: { event: "cancel" };
}

/** The events of `<card-pin>`, as dispatched. */
export type CardPinEventMap = { [Name in keyof CardPinEventDetails]: CustomEvent<CardPinEventDetails[Name]> };

/** The events of a `PinSession`. */
export interface PinSessionEventMap extends Omit<CardPinEventMap, "cancel"> {
  /** One digit of the PIN that is shown, after `spell()`; `place` is 0 for the first. The last event has no `digit`. */
  spell: CustomEvent<{ event: "spell"; digit: number | undefined; place: number }>;
}

/**
 * Returns a new control id: 1 to 4096 visible ASCII characters. It is called once both entries agree, and once more if that control
 * id has expired. To view a PIN, it is called when the customer asks for it. It may also be called again, each time for another
 * control id: once the wrapped key was not usable, after waits of 15 seconds or more for a busy server, and for a vault that
 * replaces another. If it throws, rejects, or takes longer than `timeoutMs`, the session ends with `control_id_unavailable`.
 */
export type ControlIdProvider = () => string | Promise<string>;

/** A format of ISO 9564-1. Formats 0, 1 and 3 need TDEA, format 4 needs AES. */
export type PinBlockFormat = 0 | 1 | 3 | 4;

/** Facts that the issuer knows about this customer. They go to the vault, and never come back: no event, error or log contains any. */
export interface PinRules {
  /** `YYYY-MM-DD`: its day, month and year are refused in every order that fits the length (`2304`, `8704`, `23041987`). */
  birthDate?: string;
  /** A PIN of consecutive digits of it is refused. */
  phone?: string;
  /** The same for at most ten account numbers. Do not give the card's own number, which the page should not have. */
  accounts?: string[];
}

/** The source of a session's control id: one of the two. */
export type ControlIdSource =
  | {
      /**
       * The one-use token, 1 to 4096 visible ASCII characters. The TZPK is asked for as soon as the key pair is made; the PIN to be
       * viewed, when the customer asks for it.
       */
      controlId: string;
      /**
       * For how many seconds from now that control id is valid, at most a day. The pad warns the customer in the last minute, and
       * a session in which nothing was submitted by then ends with `control_id_expired`.
       */
      expiresIn?: number;
      controlIdProvider?: undefined;
    }
  | {
      controlId?: undefined;
      expiresIn?: undefined;
      /** Nothing is sent until both entries agree, or until the customer asks to view the PIN. */
      controlIdProvider: ControlIdProvider;
    };

/** The options of every session. */
export interface SessionOptions {
  /** The time-out of each request, and of the provider's answer, in milliseconds; default 10000. */
  timeoutMs?: number;
  /** Bits of the RSA modulus; default 2048, the size that Enfuce documents. */
  keySize?: 2048 | 3072 | 4096;
  /** Which PIN block formats the server may ask for; default `[1, 4]`. Format 4 means AES. */
  pinBlockFormats?: PinBlockFormat[];
  /** Which requests carry cookies, as in `fetch`; default `"omit"`. */
  credentials?: "omit" | "same-origin" | "include";
  /** More headers for the requests, at most 20, such as a token against request forgery. */
  requestHeaders?: Record<string, string>;
  /** `"off"`: mistakes of the page are not explained in the console; default `"on"`. */
  hints?: "on" | "off";
  /** `"worker"`: fail with `isolation_unavailable` rather than hold the PIN on the page; default `"any"`. */
  isolation?: "any" | "worker";
  /** Where `card-pin.worker.js` is, relative to the document; default: beside `card-pin.js`, or in the standalone. */
  workerUrl?: string;
  /** Where `card_pin_bg.wasm` is, relative to the document; default: beside `card-pin.js`, or in the standalone. */
  wasmUrl?: string;
  /**
   * Where `card_pin_scalar_bg.wasm` is, which a device without WebAssembly SIMD loads instead (before Safari 16.4, Chrome 91,
   * Firefox 89); the same default.
   */
  scalarWasmUrl?: string;
}

/** The options to set a PIN. */
export interface SetPinOptions extends SessionOptions {
  /** The purpose of the session. */
  operation?: "set-pin";
  /** Where the public key is posted; http or https, relative to the document. */
  tzpkUrl: string;
  /** Where the encrypted PIN block is posted. */
  setUrl: string;
  /** Where the pad asks, after an unknown outcome, whether the PIN was set; default: nowhere. */
  statusUrl?: string;
  /** 4 to 12; default 4. */
  minLength?: number;
  /** `minLength` to 12; default `minLength`. */
  maxLength?: number;
  /** Whether the PIN is entered twice; default `true`. */
  confirm?: boolean;
  /** Whether easily guessed PINs are refused; default `"reject"`. */
  weakPin?: "reject" | "allow";
  /** The canvas on which `suggest` draws a PIN, in the canvas' `color`. It needs to be one that no session had before. */
  canvas?: HTMLCanvasElement;
  /** Facts about this customer, of which no PIN may be made; only with `weakPin: "reject"`. */
  pinRules?: PinRules;
}

/** The options to view the PIN of a card that was made. */
export interface ViewPinOptions extends SessionOptions {
  /** The purpose of the session. */
  operation: "view-pin";
  /** Where the public key is posted and the encrypted PIN comes from; http or https, relative to the document. */
  viewUrl: string;
  /** The canvas on which the vault draws the PIN, in the canvas' `color`. It needs to be one that no session had before. */
  canvas: HTMLCanvasElement;
}

/** The options of a `PinSession`. */
export type PinSessionOptions = (SetPinOptions | ViewPinOptions) & ControlIdSource;

/**
 * One PIN being set or viewed, without a user interface. Digits that are not submitted are wiped when the page is hidden, which
 * a `pin_valid` reports. A PIN is shown only while the page is visible and has the focus.
 */
export class PinSession extends EventTarget {
  /**
   * @throws {TypeError | RangeError} that names the option and what it takes
   * @throws {CardPinError} `control_id_missing`
   */
  constructor(options: PinSessionOptions);
  /** How many digits the current entry has. */
  readonly digits: number;
  /**
   * To set a PIN: `preparing`, `ready`, `submitting`, `done`; to view one: `preparing`, `ready`, `submitting`, `shown`. `failed` or
   * `closed` may follow each. A submit that is refused leads back to `ready`.
   */
  readonly state: "preparing" | "ready" | "submitting" | "shown" | "done" | "failed" | "closed";
  /** Where the vault runs. */
  readonly isolation: Isolation;
  /**
   * Enters one digit, a whole number from 0 to 9. For one too many there is a `set_pin_validation_error`.
   * @throws {CardPinError} `not_digits`, `closed`
   */
  press(digit: number): void;
  /** Removes the last digit. @throws {CardPinError} `closed` */
  erase(): void;
  /** Empties the current entry. @throws {CardPinError} `closed` */
  clear(): void;
  /**
   * Makes the vault draw a random PIN that it would accept, and show it on the `canvas`, until the customer types or does anything
   * else with the entry, which is emptied; nobody looks any more; or 30 seconds have passed. @throws {CardPinError} `closed`
   */
  suggest(): void;
  /** Moves on to the second entry. @throws {CardPinError} `closed` */
  confirm(): void;
  /** Takes the next step, the second entry or the submit, like `Enter` on the pad. @throws {CardPinError} `closed` */
  advance(): void;
  /** Submits. Submitting again while that is under way returns the same promise. @throws {CardPinError} as a rejection */
  setPin(): Promise<void>;
  /**
   * Asks for the PIN to be shown; nothing is fetched before. A PIN that arrived while nobody looked is shown now, within 30
   * seconds. @throws {CardPinError} as a rejection
   */
  viewPin(): Promise<void>;
  /**
   * Spells the shown or suggested PIN digit by digit, as `spell` events, for a screen reader. Only call it because the customer
   * asked for it.
   */
  spell(): void;
  /** Ends the session and wipes it. */
  close(): void;
  addEventListener<Name extends keyof PinSessionEventMap>(
    type: Name,
    listener: (this: PinSession, event: PinSessionEventMap[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<Name extends keyof PinSessionEventMap>(
    type: Name,
    listener: (this: PinSession, event: PinSessionEventMap[Name]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}
