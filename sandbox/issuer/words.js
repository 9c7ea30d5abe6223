// @ts-check
// What the app says, in one place.

/** @import {Operation} from "./back-end.js" */
/** @typedef {"mobile" | "frame" | "own-page"} Way */

/** @type {Record<string, string>} */
export const STATUS = { W: "Waiting for PIN", S: "PIN set", D: "Random PIN" };

/** @type {Record<string, {brand: string, kind: string}>} */
export const PRODUCTS = {
  MC_CARD: { brand: "Mastercard", kind: "Credit" },
  DEBIT_MC: { brand: "Mastercard", kind: "Debit" },
  VISA_CARD: { brand: "Visa", kind: "Credit" },
};

/** @type {Record<Way, {name: string, hint: string, long: string}>} */
export const WAYS = {
  mobile: { name: "Web view", hint: "form POST", long: "Enfuce’s page in a mobile web view, by form POST" },
  frame: { name: "Frame", hint: "postMessage", long: "Enfuce’s page in a desktop frame, by postMessage" },
  "own-page": { name: "Own page", hint: "PKI, relay", long: "<card-pin> on the issuer’s page, through the relay (PKI)" },
};

/** @type {Record<Operation, {title: string, action: string, failed: string}>} */
export const OPERATIONS = {
  "set-pin": { title: "Set your PIN", action: "Set the PIN", failed: "The PIN was not set" },
  "view-pin": { title: "Your PIN", action: "View the PIN", failed: "The PIN cannot be shown" },
};

/** What the codes of the pad's events mean to a customer. @type {Record<string, string>} */
const ERRORS = {
  control_id_expired: "The page was open for too long.",
  control_id_unavailable: "The bank gave no permission for this attempt.",
  already_used: "This attempt was already used.",
  network: "The connection was lost.",
  timeout: "The answer took too long.",
  outcome_unknown: "The connection was lost while the PIN was being sent.",
  server_error: "Enfuce has a problem right now.",
  rejected: "Enfuce refused the request.",
  bad_response: "The answer was not one of Enfuce’s.",
  tzpk_invalid: "The key in the answer was not good, so nothing was sent.",
  wasm_unavailable: "This browser cannot run the PIN page.",
  entropy_unavailable: "This browser has no random numbers.",
};

/** @param {unknown} code */
export const errorWords = (code) => ERRORS[String(code)] ?? "Something went wrong on the way.";

/** One-shot faults, by the endpoint that they strike. @type {Record<string, [string, unknown, string][]>} */
export const FAULTS = {
  tzpk: [
    ["status", { status: 503 }, "503: Enfuce is down"],
    ["cut", "cut", "The connection is cut"],
    ["stall", "stall", "No answer at all"],
    ["html", "html", "A captive portal’s page"],
    ["flipped", "flipped", "One bit of the wrapped key flips"],
    ["sha1", "sha1", "The key is wrapped with SHA-1"],
    ["single_des", "single_des", "A single DES key in disguise"],
    ["weak", "weak", "A weak DES key"],
  ],
  set: [
    ["status", { status: 503 }, "503: Enfuce is down"],
    ["cut", "cut", "Cut before the PIN is taken"],
    ["cut_after", "cut_after", "Cut after the PIN is taken"],
    ["cut_body", "cut_body", "The answer breaks off"],
  ],
  view: [
    ["status", { status: 503 }, "503: Enfuce is down"],
    ["cut", "cut", "The connection is cut"],
    ["flipped", "flipped", "One bit of the wrapped key flips"],
  ],
};

/** @type {Record<string, string>} */
export const FAULT_GROUPS = {
  tzpk: "The answer with the key (tzpk)",
  set: "The answer to the PIN (set)",
  view: "The answer with the PIN (view)",
};

export const HOLDERS = [
  ["Ada", "Lindqvist"], ["Bruno", "Castell"], ["Chiara", "Moretti"], ["Dilan", "Yildiz"], ["Edith", "Novak"],
  ["Farid", "Haddad"], ["Greta", "Solberg"], ["Henri", "Laine"], ["Inés", "Duarte"], ["Jonas", "Weber"],
];
