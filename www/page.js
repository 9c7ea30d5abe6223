// @ts-check

/**
 * The hosted page: `<card-pin>` and its bridges. What the pad tells goes to the native app that shows the page in a web
 * view, and to the frame's parent; what they say goes to the pad. A bridge that is missing or throws breaks nothing.
 */

import "./card-pin.js";

/** @import {CardPin} from "./card-pin.js" */

const EVENTS = ["ready", "pin_valid", "set_pin_validation_error", "set_pin_success", "set_pin_error"];

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

addEventListener("message", ({ origin, source, data }) => {
  if (origin !== parentOrigin || source !== host.parent || host.parent === host) return;
  if (data?.operation !== "set-pin" || typeof data.controlId !== "string") return;
  pad.setAttribute("operation", data.operation);
  pad.setAttribute("control-id", data.controlId);
});

pad.focus();
