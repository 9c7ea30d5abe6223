import "./page.js";
import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

const parent = { told: [], postMessage: (...told) => parent.told.push(told) };
Object.defineProperty(window, "parent", { value: parent, configurable: true });
document.body.dataset.parentOrigin = "https://bank.example";
document.body.innerHTML = '<card-pin operation="set-pin" control-id="" tzpk-url="./tzpk" set-url="./set" view-url="./view"></card-pin>';
const pad = document.querySelector("card-pin");
globalThis.requestAnimationFrame = window.requestAnimationFrame.bind(window);
document.hasFocus = () => false;
const focused = new Promise((resolve) => {
  pad.focus = () => resolve(hasFrameFocus);
});
let hasFrameFocus = false;
await import("../page.js");

const say = (data, { origin = "https://bank.example", source = parent } = {}) =>
  window.dispatchEvent(Object.assign(new Event("message"), { data, origin, source }));
const tell = (detail) => pad.dispatchEvent(new CustomEvent(detail.event, { detail, cancelable: true }));

afterEach(() => {
  parent.told = [];
  delete window.android_handler;
  delete window.webkit;
  pad.setAttribute("control-id", "");
});

test("each event goes to every bridge, in its own format", () => {
  const android = [];
  const ios = [];
  const names = ["pin_valid", "set_pin_error", "set_pin_success"];
  window.android_handler = Object.fromEntries(names.map((name) => [name, (...given) => android.push([name, ...given])]));
  window.webkit = { messageHandlers: { ios_handler: { postMessage: (detail) => ios.push(detail) } } };
  const details = [
    { event: "pin_valid", pin_valid: true, digits: 4, step: "confirm" },
    { event: "set_pin_error", code: "network", retryable: true },
    { event: "set_pin_success" },
  ];
  details.forEach(tell);
  assert.deepEqual(android, [["pin_valid", true], ["set_pin_error"], ["set_pin_success"]]);
  assert.deepEqual(ios, details);
  assert.deepEqual(parent.told, details.map((detail) => [detail, "https://bank.example"]));
});

test("a bridge that throws or is missing keeps no other from hearing", () => {
  window.android_handler = { set_pin_success: () => assert.fail("broken") };
  window.webkit = { messageHandlers: { ios_handler: null } };
  assert.equal(tell({ event: "set_pin_success" }), true);
  assert.equal(parent.told.length, 1);
});

test("without a listener, leaving goes back to the page before or closes the window", (t) => {
  const went = [];
  globalThis.history = { length: 2, back: () => went.push("back") };
  mock.method(window, "close", () => went.push("close"));
  t.after(() => Object.defineProperty(window, "parent", { value: parent, configurable: true }));
  tell({ event: "cancel" });
  assert.deepEqual(went, [], "the parent hears it");
  Object.defineProperty(window, "parent", { value: window, configurable: true });
  tell({ event: "cancel" });
  history.length = 1;
  tell({ event: "cancel" });
  assert.deepEqual(went, ["back", "close"]);
  window.android_handler = { set_pin_success() {} };
  tell({ event: "cancel" });
  assert.equal(went.length, 3, "the app has no bridge that hears it");
  window.android_handler = { cancel: () => went.push("android") };
  tell({ event: "cancel" });
  window.webkit = { messageHandlers: { ios_handler: { postMessage: ({ event }) => went.push(event) } } };
  delete window.android_handler;
  tell({ event: "cancel" });
  assert.deepEqual(went.slice(3), ["android", "cancel"]);
});

test("an event of another name, or without a detail of ours, stays here", () => {
  pad.dispatchEvent(new CustomEvent("click", { detail: { event: "set_pin_success" } }));
  pad.dispatchEvent(new Event("set_pin_success"));
  assert.deepEqual(parent.told, []);
});

test("the parent says which control id is for what, in the words of either platform", () => {
  say({ operation: "view-pin", controlId: "one" });
  assert.deepEqual([pad.operation, pad.controlId], ["view-pin", "one"]);
  say({ operation: "set-pin", pinControlId: "two" });
  assert.deepEqual([pad.operation, pad.controlId], ["set-pin", "two"]);
});

test("other senders and other messages are ignored", () => {
  const good = { operation: "view-pin", controlId: "three" };
  say(good, { origin: "https://other.example" });
  say(good, { source: window });
  for (const data of [null, undefined, 7, "set-pin", {}, { operation: "other", controlId: "a" }, { operation: "view-pin" }]) say(data);
  for (const controlId of ["", 4, {}]) say({ operation: "view-pin", controlId });
  assert.deepEqual([pad.operation, pad.controlId], ["set-pin", ""]);
});

test("a frame takes the focus when its parent gives it, and not before", async () => {
  // This is longer than the page waits until it is drawn.
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => setTimeout(resolve))));
  hasFrameFocus = true;
  window.dispatchEvent(new Event("focus"));
  assert.equal(await focused, true);
});
