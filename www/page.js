// @ts-check

/**
 * The hosted page: `<card-pin>` and its bridges. What the pad tells goes to the native app that shows the page in a web
 * view, and to the frame's parent; what they say goes to the pad. A bridge that is missing or throws breaks nothing.
 */

import "./card-pin.js";

/** @import {CardPin} from "./card-pin.js" */

const EVENTS = [
  ...["ready", "pin_valid", "set_pin_validation_error", "set_pin_success", "set_pin_error"],
  ...["view_pin_success", "view_pin_error"],
];

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

for (const name of EVENTS) {
  pad.addEventListener(name, (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    attempt(() => (name === "pin_valid" ? host.android_handler?.[name]?.(detail.pin_valid) : host.android_handler?.[name]?.()));
    attempt(() => host.webkit?.messageHandlers?.ios_handler?.postMessage(detail));
    if (host.parent !== host && parentOrigin) attempt(() => host.parent.postMessage(detail, parentOrigin));
  });
}

/** For a native app's own button. */
host.set_pin = () => {
  pad.setPin().catch(() => {});
};

/** Whether a PIN is on its way: what comes from the parent now must not cut it off. */
let isSubmitting = false;
pad.addEventListener("submitting", () => (isSubmitting = true));
for (const name of EVENTS) pad.addEventListener(name, () => (isSubmitting &&= name === "ready"));

/**
 * What the parent may say, in the words of either of Enfuce's platforms: which control id to use for what, or to submit.
 * Everything else, from anybody else, and whatever comes again or while a PIN is on its way, is ignored.
 */
addEventListener("message", ({ origin, source, data }) => {
  if (origin !== parentOrigin || source !== host.parent || host.parent === host || isSubmitting) return;
  const { operation, controlId = data?.pinControlId } = Object(data);
  if (operation === "set-pin-set") return host.set_pin();
  if (operation !== "set-pin" && operation !== "view-pin") return;
  if (typeof controlId !== "string" || controlId === "" || controlId === pad.getAttribute("control-id")) return;
  pad.setAttribute("operation", operation);
  pad.setAttribute("control-id", controlId);
});

// When it is drawn: to focus what is not laid out yet would have it laid out at once, in the task that loads the page.
requestAnimationFrame(() => setTimeout(() => pad.focus()));
