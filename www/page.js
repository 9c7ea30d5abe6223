// @ts-check

/**
 * The hosted page: `<card-pin>` and its bridges. What the pad tells goes to the native app that shows the page in a web
 * view, and to the frame's parent; what they say goes to the pad. A bridge that is missing or throws breaks nothing.
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
    // The other side's fault, and the customer's PIN matters more.
  }
}

// Every event, whatever its name: what the element dispatches goes to the bridges, too.
pad.dispatchEvent = (event) => {
  const goesOn = EventTarget.prototype.dispatchEvent.call(pad, event);
  const { type: name, detail } = /** @type {CustomEvent} */ (event);
  if (detail?.event !== name) return goesOn;
  attempt(() => (name === "pin_valid" ? host.android_handler?.[name]?.(detail.pin_valid) : host.android_handler?.[name]?.()));
  attempt(() => host.webkit?.messageHandlers?.ios_handler?.postMessage(detail));
  if (host.parent !== host && parentOrigin) attempt(() => host.parent.postMessage(detail, parentOrigin));
  return goesOn;
};

/** Whether somebody is there to hear of it: the app, or the parent. @param {string} name */
const isHeard = (name) =>
  typeof host.android_handler?.[name] === "function" ||
  Boolean(host.webkit?.messageHandlers?.ios_handler) ||
  (host.parent !== host && Boolean(parentOrigin));

// Who came here by a link goes back to where it was, and who was given a window of its own is rid of it.
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
 * What the parent may say, in the words of either of Enfuce's platforms: which control id to use for what, or to submit.
 * Everything else, and anybody else, is ignored. A control id that comes while a PIN is on its way waits for the outcome.
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

/** When it is drawn: to focus what is not laid out yet would have it laid out at once, in the task that loads the page. */
const focus = () => requestAnimationFrame(() => setTimeout(() => pad.focus()));

// The focus of a frame is its parent's to give: the customer may be in one of the parent's fields.
if (host.parent === host || document.hasFocus()) focus();
else addEventListener("focus", focus, { once: true });
