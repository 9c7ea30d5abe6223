// @ts-check
// The app's texts, in one place.

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

/** @type {Record<Way, {name: string, hint: string}>} */
export const WAYS = {
  "own-page": { name: "Own page", hint: "The pad on the issuer’s own page, through its relay" },
  mobile: { name: "Web view", hint: "Enfuce’s page, opened by a form POST as in a mobile app" },
  frame: { name: "Frame", hint: "Enfuce’s page in a frame of the issuer’s web site" },
};

/** @type {Record<Operation, {title: string, action: string, ways: string}>} */
export const OPERATIONS = {
  "set-pin": { title: "Set your PIN", action: "Set the PIN", ways: "Ways to set it" },
  "view-pin": { title: "View your PIN", action: "View the PIN", ways: "Ways to view it" },
};

/** One-shot faults, by the endpoint that they strike; the text continues “The next … answer”. @type {Record<string, [unknown, string][]>} */
export const FAULTS = {
  tzpk: [
    [{ status: 503 }, "will be 503: Enfuce is down"],
    ["cut", "will be cut"],
    ["stall", "will never come"],
    ["html", "will be the page of a captive portal"],
    ["flipped", "will have one bit of the key flipped"],
    ["sha1", "will have its key wrapped with SHA-1"],
    ["single_des", "will hold a single DES key in disguise"],
    ["weak", "will hold a weak DES key"],
  ],
  set: [
    [{ status: 503 }, "will be 503: Enfuce is down"],
    ["cut", "will be cut before the PIN is stored"],
    ["cut_after", "will be cut after the PIN is stored"],
    ["cut_body", "will break off"],
  ],
  view: [
    [{ status: 503 }, "will be 503: Enfuce is down"],
    ["cut", "will be cut"],
    ["flipped", "will have one bit of the key flipped"],
  ],
};

export const HOLDERS = [
  ["Ada", "Lindqvist"], ["Bruno", "Castell"], ["Chiara", "Moretti"], ["Dilan", "Yildiz"], ["Edith", "Novak"],
  ["Farid", "Haddad"], ["Greta", "Solberg"], ["Henri", "Laine"], ["Inés", "Duarte"], ["Jonas", "Weber"],
];
