// @ts-check

/**
 * The hosted page: `<card-pin>` and its bridges. The pad's events go to the native app that shows the page in a web
 * view, and to the frame's parent; their messages go to the pad. A bridge that is missing or throws breaks nothing.
 */

import "./card-pin.js";

/** @import {CardPin} from "./card-pin.js" */

const host = /** @type {any} */ (window);
const pad = /** @type {CardPin} */ (document.querySelector("card-pin"));
const parentOrigin = document.body.dataset.parentOrigin;

/** @param {() => void} bridge */
function attempt(bridge) {
  try {
    bridge();
  } catch {
    // It is the other side's fault, and must not stop the customer.
  }
}

// Every event that the element dispatches goes to the bridges, too.
pad.dispatchEvent = (event) => {
  const goesOn = EventTarget.prototype.dispatchEvent.call(pad, event);
  const { type: name, detail } = /** @type {CustomEvent} */ (event);
  if (detail?.event !== name) return goesOn;
  attempt(() => (name === "pin_valid" ? host.android_handler?.[name]?.(detail.pin_valid) : host.android_handler?.[name]?.()));
  attempt(() => host.webkit?.messageHandlers?.ios_handler?.postMessage(detail));
  if (host.parent !== host && parentOrigin) attempt(() => host.parent.postMessage(detail, parentOrigin));
  return goesOn;
};

/** Whether there is a listener: the app, or the parent. @param {string} name */
const isHeard = (name) =>
  typeof host.android_handler?.[name] === "function" ||
  Boolean(host.webkit?.messageHandlers?.ios_handler) ||
  (host.parent !== host && Boolean(parentOrigin));

// Goes back to the page with the link, or closes a window that was opened for this page.
pad.addEventListener("cancel", () => {
  if (isHeard("cancel")) return;
  if (history.length > 1) history.back();
  else host.close();
});

/** For a native app's own button. */
host.set_pin = () => {
  pad.setPin().catch(() => {});
};

/**
 * Takes the parent's messages, with the names of either of Enfuce's platforms: a control id and its purpose, or to submit.
 * Other messages and other senders are ignored. A control id that comes while a PIN is on its way waits for the outcome.
 */
addEventListener("message", ({ origin, source, data }) => {
  if (origin !== parentOrigin || source !== host.parent || host.parent === host) return;
  const { operation, controlId = data?.pinControlId } = Object(data);
  if (operation === "set-pin-set") return host.set_pin();
  if (operation !== "set-pin" && operation !== "view-pin") return;
  if (typeof controlId !== "string" || controlId === "") return;
  pad.setAttribute("operation", operation);
  pad.setAttribute("control-id", controlId);
});

/** Sets the focus once the pad is drawn. Before that it would force a layout in the task that loads the page. */
const focus = () => requestAnimationFrame(() => setTimeout(() => pad.focus()));

// In a frame the parent sets the focus: the customer may be in one of the parent's fields.
if (host.parent === host || document.hasFocus()) focus();
else addEventListener("focus", focus, { once: true });
