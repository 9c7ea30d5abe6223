// @ts-check
// The three ways to the PIN page, in one dialog. With each of them the app gets the page's events, and never a digit.

import { askForControl, askRelay, signIn } from "./back-end.js";
import { byId, inWords, make, part } from "./dom.js";
import { OPERATIONS } from "./texts.js";

/** @import {Control, Operation} from "./back-end.js" */
/** @import {Way} from "./texts.js" */

/**
 * @typedef {object} Visit
 * @property {string} cardId
 * @property {string} customerId
 * @property {Operation} operation
 * @property {Way} way
 * @property {string} opener the id of the button that was pressed
 * @property {HTMLIFrameElement} [frame] the frame with Enfuce's page
 * @property {string} [origin] the origin of Enfuce's page
 */

/** The element, served by the issuer itself. It is a variable, so that it is only loaded when it is needed. */
const CARD_PIN = "/card-pin/card-pin.js";
const ENDS = ["set_pin_success", "set_pin_error", "view_pin_success", "view_pin_error", "hidden"];

/** On a wide screen the dialog is between cards and messages, and all of them can be used; otherwise it covers them. */
const desktop = window.matchMedia("(min-width: 60rem)");
const dialog = /** @type {HTMLDialogElement} */ (byId("pin-dialog"));
const done = byId("pin-done");
const check = byId("pin-check");

/** @type {Visit | null} */
let visit = null;
/** Is called at every change; returns the card's `pinStatus`. @type {(cardId: string) => Promise<string | undefined>} */
let look = async () => undefined;

export const isPinDialogOpen = () => dialog.open;

/** @param {Visit} here @param {string} cardName */
export async function openPinDialog(here, cardName) {
  const { cardId, customerId, operation, way } = here;
  const isOwnPage = way === "own-page";
  // On the issuer's own page the customer chooses first, and a control id is asked for afterwards.
  const [signedIn, control] = isOwnPage
    ? await Promise.all([signIn(customerId), import(CARD_PIN)])
    : [undefined, await askForControl(cardId, operation)];
  visit = here;
  byId("pin-title").textContent = OPERATIONS[operation].title;
  byId("pin-card").textContent = cardName;
  byId("frame-note").hidden = isOwnPage;
  byId("pin-place").replaceChildren();
  check.textContent = "";
  done.hidden = true;
  if (!dialog.open) desktop.matches ? dialog.show() : dialog.showModal();
  if (signedIn) showElement(here, signedIn);
  else showFrame(here, control);
  dialog.scrollIntoView({ block: "nearest" });
}

/** @param {Visit} visit @param {Control} control */
function showFrame(visit, control) {
  const frame = make("iframe");
  frame.name = "web-view";
  frame.title = OPERATIONS[visit.operation].title;
  frame.referrerPolicy = "no-referrer";
  frame.addEventListener("load", () => frame.focus());
  visit.frame = frame;
  visit.origin = new URL(control.pinUrl).origin;
  if (visit.way === "frame") showInParent(visit, frame, control);
  byId("pin-place").replaceChildren(frame);
  if (visit.way === "mobile") postForm(control);
}

/** Works like a desktop site: loads the page by its address, and sends the control id in a message. @param {Visit} visit @param {HTMLIFrameElement} frame @param {Control} control */
function showInParent({ operation, origin = "" }, frame, { controlId, pinFrameUrl }) {
  const tell = () => {
    // A statement, not what the arrow returns: WebKit makes tail calls, and one from here would name the frame itself as
    // the sender.
    frame.contentWindow?.postMessage({ operation, controlId }, origin);
  };
  frame.addEventListener("load", tell, { once: true });
  const url = new URL(pinFrameUrl);
  url.searchParams.set("lang", document.documentElement.lang);
  frame.src = url.href;
}

/** Works like a mobile web view: posts a form, whose answer is the page. @param {Control} control */
function postForm({ controlId, pinUrl }) {
  const form = make("form");
  for (const [name, value] of Object.entries({ controlId, lang: document.documentElement.lang })) {
    const field = make("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
  Object.assign(form, { method: "post", action: pinUrl, target: "web-view", hidden: true });
  document.body.append(form);
  form.submit();
  form.remove();
}

/** The element on this very page. It posts to the issuer's relay, with the header of `signIn`. @param {Visit} here @param {Record<string, string>} signedIn */
function showElement(here, signedIn) {
  const { cardId, operation } = here;
  const pad = document.createElement("card-pin");
  pad.setAttribute("operation", operation);
  for (const step of ["tzpk", "set", "view", "status"]) pad.setAttribute(`${step}-url`, `/relay/${step}`);
  Object.assign(pad, { requestHeaders: signedIn, controlIdProvider: () => askRelay(signedIn, cardId, operation) });
  for (const name of [...ENDS, "cancel"]) {
    pad.addEventListener(name, (event) => onEvent(here, /** @type {CustomEvent} */ (event).detail));
  }
  byId("pin-place").replaceChildren(pad);
  pad.focus();
}

/** Reports the outcome. The pad itself tells the customer; the app only adds facts that the pad does not know. @param {Visit} here @param {{event?: unknown, code?: unknown}} detail */
async function onEvent(here, { event, code }) {
  if (here !== visit) return;
  if (event === "cancel") return dialog.close();
  if (typeof event !== "string" || !ENDS.includes(event)) return;
  done.hidden = !event.endsWith("_success");
  done.scrollIntoView({ block: "nearest" });
  try {
    const pinStatus = await look(here.cardId);
    if (here !== visit || code !== "outcome_unknown") return;
    // Possibly only the answer was lost: the issuer has asked Enfuce.
    check.textContent = `We checked: your PIN is ${pinStatus === "S" ? "set" : "not set"}.`;
  } catch (error) {
    check.textContent = inWords(error);
  }
}

/** @param {{look: typeof look, onClose: (visit: Visit) => void}} told */
export function startPinDialog(told) {
  look = told.look;
  window.addEventListener("message", ({ origin, source, data }) => {
    if (!visit?.frame || origin !== visit.origin || source !== visit.frame.contentWindow) return;
    if (typeof data === "object" && data !== null) onEvent(visit, data);
  });
  for (const button of [done, part(dialog, "[data-close]")]) button.addEventListener("click", () => dialog.close());
  // Beside the messages it is not modal, so the browser does not close it by Escape. A pad with digits uses that key to clear them.
  dialog.addEventListener("keydown", ({ key, defaultPrevented }) => {
    if (key === "Escape" && !defaultPrevented && !dialog.matches(":modal")) dialog.close();
  });
  dialog.addEventListener("close", () => {
    if (!visit || dialog.open) return;
    const left = visit;
    visit = null;
    // Emptying the place ends the page's session and wipes it.
    byId("pin-place").replaceChildren();
    told.onClose(left);
  });
}
