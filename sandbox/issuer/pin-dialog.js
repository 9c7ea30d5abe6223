// @ts-check
// The three ways to the PIN page, in one dialog. Whichever it is, the app learns the page's events, and never a digit.

import { askForControl } from "./back-end.js";
import { byId, inWords, make, part, run } from "./dom.js";
import { OPERATIONS, WAYS, errorWords } from "./words.js";

/** @import {Control, Operation} from "./back-end.js" */
/** @import {Way} from "./words.js" */

/**
 * @typedef {object} Visit
 * @property {string} cardId
 * @property {Operation} operation
 * @property {Way} way
 * @property {HTMLIFrameElement} [frame] where Enfuce's page is shown
 * @property {string} [origin] of Enfuce's page
 */

/** The element, served by the issuer itself. A variable, so that it is only looked for when somebody wants it. */
const CARD_PIN = "/card-pin/card-pin.js";
const EVENTS = ["set_pin_success", "set_pin_error", "view_pin_success", "view_pin_error"];
const CLOSE_AFTER_MS = 2500;

const dialog = /** @type {HTMLDialogElement} */ (byId("pin-dialog"));
const outcome = byId("outcome");
const outcomeAction = byId("outcome-action");

/** @type {Visit | null} */
let visit = null;
/** @type {number | undefined} */
let closing;
/** Told of every change; returns the card's `pinStatus`. @type {(cardId: string) => Promise<string | undefined>} */
let look = async () => undefined;
/** @type {(cardId: string) => void} */
let onClose = () => {};

export const isPinDialogOpen = () => dialog.open;

/** @param {string} cardId @param {Operation} operation @param {Way} way */
export async function openPinDialog(cardId, operation, way) {
  // On a page of one's own the customer chooses first, and only then is a control id asked for.
  const control = way === "own-page" && operation === "set-pin" ? undefined : await askForControl(cardId, operation);
  visit = { cardId, operation, way };
  outcome.hidden = true;
  window.clearTimeout(closing);
  byId("pin-title").textContent = OPERATIONS[operation].title;
  byId("pin-way").textContent = WAYS[way].long;
  byId("pin-place").replaceChildren();
  if (!dialog.open) dialog.showModal();
  if (way === "own-page") await showElement(visit, control);
  else if (control) showFrame(visit, control);
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

/** What a desktop site does: the page by its address, and the control id by a message. @param {Visit} visit @param {HTMLIFrameElement} frame @param {Control} control */
function showInParent({ operation, origin = "" }, frame, { controlId, pinFrameUrl }) {
  const tell = () => {
    // A statement, not what the arrow returns: WebKit makes tail calls, and one from here would name the frame itself as
    // the sender.
    frame.contentWindow?.postMessage({ operation, controlId }, origin);
  };
  frame.addEventListener("load", tell, { once: true });
  frame.src = pinFrameUrl;
}

/** What a mobile web view does: a form POST whose answer is the page. @param {Control} control */
function postForm({ controlId, pinUrl }) {
  const field = make("input");
  field.type = "hidden";
  field.name = "controlId";
  field.value = controlId;
  const form = make("form", {}, field);
  form.method = "post";
  form.action = pinUrl;
  form.target = "web-view";
  form.hidden = true;
  document.body.append(form);
  form.submit();
  form.remove();
}

/** The element on this very page; it posts to the issuer's relay. @param {Visit} here @param {Control | undefined} control */
async function showElement(here, control) {
  const { cardId, operation } = here;
  await import(CARD_PIN);
  // Closed meanwhile, or opened anew.
  if (visit !== here) return;
  const pad = document.createElement("card-pin");
  pad.setAttribute("operation", operation);
  for (const step of ["tzpk", "set", "view"]) pad.setAttribute(`${step}-url`, `/relay/${step}`);
  if (control) pad.setAttribute("control-id", control.controlId);
  else Object.assign(pad, { controlIdProvider: async () => (await askForControl(cardId, operation)).controlId });
  for (const name of EVENTS) {
    pad.addEventListener(name, (event) => onEvent(here, /** @type {CustomEvent} */ (event).detail));
  }
  byId("pin-place").replaceChildren(pad);
  pad.focus();
}

/** @param {Visit} here @param {{event?: unknown, code?: unknown}} detail */
function onEvent(here, { event, code }) {
  if (event === "set_pin_success") succeeded(here).catch(inDialog);
  if (event === "view_pin_success") look(here.cardId).catch(inDialog);
  if (event === "set_pin_error" || event === "view_pin_error") failed(here, code).catch(inDialog);
}

/** @param {Visit} here */
async function succeeded({ cardId }) {
  showOutcome({ state: "done", text: "PIN set", action: "Done", act: () => dialog.close() });
  closing = window.setTimeout(() => dialog.close(), CLOSE_AFTER_MS);
  await look(cardId);
}

/** @param {Visit} here @param {unknown} code */
async function failed(here, code) {
  const { cardId, operation, way } = here;
  // Whatever the page knows, the issuer has the last word: the answer to a PIN that was taken may have got lost.
  const pinStatus = await look(cardId);
  if (visit !== here) return;
  if (operation === "set-pin" && pinStatus === "S") return succeeded(here);
  showOutcome({
    state: "failed",
    text: OPERATIONS[operation].failed,
    detail: errorWords(code),
    action: "Start again",
    act: () => run(outcomeAction, () => openPinDialog(cardId, operation, way).catch(inDialog)),
  });
}

/** @param {{state: "done" | "failed", text: string, detail?: string, action: string, act: () => void}} result */
function showOutcome({ state, text, detail = "", action, act }) {
  outcome.dataset.state = state;
  outcome.hidden = false;
  byId("outcome-text").textContent = text;
  byId("outcome-detail").textContent = detail;
  outcomeAction.textContent = action;
  outcomeAction.onclick = act;
  outcomeAction.focus();
}

/** A failure while the dialog covers the page is said in the dialog. @param {unknown} error */
function inDialog(error) {
  const detail = inWords(error);
  if (outcome.hidden) {
    showOutcome({ state: "failed", text: "Something went wrong", detail, action: "Close", act: () => dialog.close() });
  } else {
    byId("outcome-detail").textContent = detail;
  }
}

/** @param {{look: typeof look, onClose: typeof onClose}} told */
export function startPinDialog(told) {
  ({ look, onClose } = told);
  window.addEventListener("message", ({ origin, source, data }) => {
    if (!visit?.frame || origin !== visit.origin || source !== visit.frame.contentWindow) return;
    if (typeof data === "object" && data !== null) onEvent(visit, data);
  });
  part(dialog, "[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    const cardId = visit?.cardId ?? "";
    visit = null;
    window.clearTimeout(closing);
    // An emptied place ends the page's session, and with it everything that it held.
    byId("pin-place").replaceChildren();
    outcome.hidden = true;
    onClose(cardId);
  });
}
