/** A `<card-pin>` on a page, with vaults and timers that the test controls. */

import "./page.js";
import { afterEach, mock } from "node:test";
import { forget, vaults } from "./fake-vault.js";

mock.timers.enable({ apis: ["setTimeout"] });
// To Node's own stand-in, a missing delay means one that never ends.
const { setTimeout: queue } = globalThis;
globalThis.setTimeout = (callback, delay = 0, ...given) => queue(callback, delay, ...given);

/** Lets everything that is due happen, because the element starts in separate tasks. */
export const settle = async () => {
  for (let turn = 0; turn < 4; turn += 1) {
    mock.timers.tick(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
};
export const TERMINAL = ["set_pin_success", "set_pin_error", "view_pin_error", "hidden"];
const EVENTS = ["ready", "pin_valid", "set_pin_validation_error", "submitting", "view_pin_success", ...TERMINAL];

export async function make(attributes = {}, properties = {}) {
  const pad = document.createElement("card-pin");
  const told = [];
  for (const name of EVENTS) pad.addEventListener(name, ({ detail }) => told.push(detail));
  const all = { hints: "off", "tzpk-url": "/tzpk", "set-url": "/set", "view-url": "/view", ...attributes };
  for (const [name, value] of Object.entries(all)) pad.setAttribute(name, value);
  Object.assign(pad, properties);
  document.body.append(pad);
  await settle();
  return { pad, told, names: () => told.map(({ event }) => event), ends: () => told.filter(({ event }) => TERMINAL.includes(event)) };
}

/** A key event as the keyboard sends it: jsdom's own events are not trusted. */
export function type(pad, key, target = pad.shadowRoot.querySelector("[part=field], [part=prompt]")) {
  const impl = (object) => object[Object.getOwnPropertySymbols(object).find(({ description }) => description === "impl")];
  const event = new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true });
  impl(event).isTrusted = true;
  impl(target)._dispatch(impl(event));
  return event.defaultPrevented;
}

/** To jsdom a document is looked at while one of its elements has the focus. */
export const lookAtThePage = () => document.body.appendChild(document.createElement("button")).focus();
export const newest = () => vaults.at(-1);
export const enter = async (pad, keys) => {
  for (const key of keys) type(pad, key);
  await settle();
};

afterEach(() => {
  document.body.replaceChildren();
  mock.restoreAll();
  forget();
});
