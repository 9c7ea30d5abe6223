// Generated from src/protocol.rs by `CARD_PIN_WRITE_TYPES=1 cargo test --lib protocol`. Changes here are lost.

/**
 * Which requests carry cookies: the `credentials` of `fetch`.
 */
export type Credentials = "omit" | "same-origin" | "include";

/**
 * A whole number from 0 to 9. There is no `Debug` output of its value.
 */
export type Digit = number;

/**
 * How a session ended.
 */
export type End = { 
/**
 * The error; `None` if the PIN was set, or was shown and is hidden again.
 */
code: ErrorCode | null, 
/**
 * Whether the same customer may succeed with a new control id.
 */
retryable: boolean, };

export type ErrorCode = "control_id_missing" | "control_id_unavailable" | "control_id_expired" | "not_allowed" | "busy" | "already_used" | "network" | "timeout" | "outcome_unknown" | "server_error" | "rejected" | "bad_response" | "tzpk_invalid" | "entropy_unavailable" | "isolation_unavailable" | "vault_missing" | "wasm_unavailable" | "closed" | "too_short" | "too_long" | "not_digits" | "weak_pin" | "mismatch";

/**
 * From the page to the vault. The first message is [`Open`](Self::Open), which is accepted once.
 */
export type Inward = { "open": Open } | { "press": Digit } | "erase" | "clear" | "forget" | "confirm" | "advance" | "suggest" | "submit" | { "controlId": string | null } | { "color": string } | "reveal" | "spell" | "ping" | "close";

/**
 * The options of a session. The page gives every field; defaults are in `www/options.js`. `Debug` prints none of the values.
 */
export type Open = { 
/**
 * What the session is for.
 */
operation: OperationName, 
/**
 * The control id; `null` if the vault has to ask for it with [`Outward::Ask`].
 */
controlId: string | null, 
/**
 * Absolute; empty where a PIN is viewed.
 */
tzpkUrl: string, 
/**
 * Absolute; empty where a PIN is viewed.
 */
setUrl: string, 
/**
 * An absolute address; empty if a PIN is set.
 */
viewUrl: string, 
/**
 * Absolute; `null` if an unknown outcome is not looked up.
 */
statusUrl: string | null, 
/**
 * The fewest digits.
 */
minLength: number, 
/**
 * The most digits.
 */
maxLength: number, 
/**
 * Whether the PIN is entered twice.
 */
confirm: boolean, 
/**
 * What happens to PINs that are easily guessed.
 */
weakPin: WeakPinName, 
/**
 * The customer's date of birth, `YYYYMMDD`, of which no PIN may be made.
 */
birthDate: string | null, 
/**
 * The digits of the customer's phone numbers and account numbers, of which no PIN may be made either.
 */
knownNumbers: Array<string>, 
/**
 * Bits of the RSA modulus: 2048, 3072 or 4096.
 */
keySize: number, 
/**
 * The PIN block formats that the server may ask for: of 0, 1, 3 and 4.
 */
pinBlockFormats: Array<number>, 
/**
 * Which requests carry cookies, as in `fetch`.
 */
credentials: Credentials, 
/**
 * More headers for the requests: pairs of name and value, one after the other.
 */
requestHeaders: Array<string>, 
/**
 * For each request, in milliseconds.
 */
timeoutMs: number, };

/**
 * What a session is for.
 */
export type OperationName = "set-pin" | "view-pin";

/**
 * From the vault to the page.
 */
export type Outward = { "state": { 
/**
 * How many messages were accepted so far, without `open`, `color` and `close`.
 */
taken: number, 
/**
 * The complete state of the session.
 */
session: Snapshot, } } | "ask" | { "spell": { 
/**
 * 0 to 9.
 */
digit: number | null, 
/**
 * 0 for the first digit.
 */
place: number, } } | { "closed": { 
/**
 * An error code.
 */
code: ErrorCode | null, } };

/**
 * The complete state of a session at one moment. Nothing else is reported about it.
 */
export type Snapshot = { 
/**
 * The stage of the session.
 */
stage: Stage, 
/**
 * Whether a submit would be sent at once: the key pair is made and, if a PIN is set with a given control id, the TZPK has arrived.
 */
ready: boolean, 
/**
 * The entry that the digits go to.
 */
step: Step, 
/**
 * How many digits that entry has.
 */
digits: number, 
/**
 * Whether a submit now would be sent.
 */
valid: boolean, 
/**
 * How many digits, entries and submits were refused so far.
 */
refusals: number, 
/**
 * Why the last of them was refused.
 */
refused: ErrorCode | null, 
/**
 * The rule that the PIN broke, if it was refused as easily guessed.
 */
reason: WeakReason | null, 
/**
 * How many seconds the session waits before it asks a busy server again.
 */
waitsSeconds: number | null, 
/**
 * Whether a public key was passed on to be sent. A control id is for one key. This is reported before the request is made.
 */
requested: boolean, 
/**
 * Whether the encrypted PIN was passed on to be sent. This is reported before the request is made.
 */
sent: boolean, 
/**
 * Whether the outcome is not known, and is looked up.
 */
checking: boolean, 
/**
 * Whether a PIN that was drawn for the customer is shown.
 */
suggested: boolean, 
/**
 * How the session ended.
 */
end: End | null, };

/**
 * The stage of a session.
 */
export type Stage = "entry" | "submitting" | "arrived" | "shown" | "ended";

/**
 * The entry that the digits go to.
 */
export type Step = "entry" | "confirm";

/**
 * What happens to PINs that are easily guessed.
 */
export type WeakPinName = "reject" | "allow";

/**
 * Why a PIN is easily guessed: the first rule that it breaks, in this order. The facts about the customer come last, so
 * that they are only reported for a PIN that breaks no other rule.
 */
export type WeakReason = "run" | "repeat" | "year" | "pattern" | "common" | "personal";
