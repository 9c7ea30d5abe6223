import "./page.js";
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Pane } from "../pane.js";

const advance = { label: "Next", action: "advance", isEnabled: true, isQuiet: false };
const blank = { step: "", title: "Title", hint: "", notice: "", problem: "", status: "", alert: "", isBusy: false, focus: "primary" };
const root = document.createElement("div").attachShadow({ mode: "closed" });
const find = (name) => root.querySelector(`[part=${name}]`);
let pane;
beforeEach(() => {
  document.body.replaceChildren(root.host);
  pane = new Pane(root);
});
const render = (changes, refusals = 0) => pane.render({ ...blank, primary: advance, secondary: undefined, ...changes }, refusals);

test("only text that differs is written again, so that nothing is said twice", async () => {
  render({ status: "2 of 4 digits", alert: "No" });
  let written = 0;
  const observer = new window.MutationObserver((changes) => (written += changes.length));
  observer.observe(root, { subtree: true, childList: true, characterData: true });
  render({ status: "2 of 4 digits", alert: "No" });
  await Promise.resolve();
  assert.equal(written, 0);
  render({ status: "2 of 4 digits", alert: "No" }, 1);
  await Promise.resolve();
  assert.ok(written > 0, "the same refusal once more is said once more");
  observer.disconnect();
});

test("a problem stands in the hint's place, and the hint still describes the entry", () => {
  const isSeen = (name) => !find(name).closest("[data-concealed]") && find(name).textContent !== "";
  render({ hint: "4 digits" });
  assert.deepEqual([isSeen("hint"), isSeen("message")], [true, false]);
  render({ hint: "4 digits", problem: "Too short" });
  assert.deepEqual([isSeen("hint"), isSeen("message")], [false, true]);
  assert.equal(find("hint").textContent, "4 digits");
});

test("a passing notice stands in the hint's place, and describes nothing", () => {
  render({ hint: "4 digits", notice: "Time left: 50 seconds" });
  const description = root.getElementById("hint");
  assert.deepEqual([find("hint").textContent, description.textContent, description.hidden], ["Time left: 50 seconds", "4 digits", true]);
  render({ hint: "4 digits" });
  assert.deepEqual([find("hint").textContent, description.textContent], ["4 digits", "4 digits"]);
});

test("a button does what it shows, and nothing while it is off", () => {
  render();
  assert.equal(pane.press(find("submit")), "advance");
  render({ primary: { ...advance, isEnabled: false } });
  assert.equal(pane.press(find("submit")), undefined);
  assert.equal(pane.press(document.createElement("button")), undefined);
});

test("a press that was meant for the PIN does not leave a session that ended meanwhile", (t) => {
  let now = 1000;
  t.mock.method(performance, "now", () => now);
  const leave = { ...advance, action: "cancel" };
  const typeUntilTheEnd = (changes = {}) => {
    render();
    pane.noteTyping();
    now += 200;
    if (changes.isBusy) render(changes);
    render({ primary: leave, picture: "bad" });
  };
  const press = (ms) => {
    now += ms;
    return pane.press(find("submit"));
  };
  typeUntilTheEnd();
  assert.equal(press(100), undefined, "the session ended a moment ago");
  now += 300;
  pane.noteTyping();
  assert.equal(press(300), undefined, "a customer who still types has not seen it");
  assert.equal(press(400), undefined, "nor has one who presses again");
  assert.equal(press(600), "cancel");
  typeUntilTheEnd({ isBusy: true });
  assert.equal(press(10), "cancel", "after the submit the customer does not type");
  render();
  pane.noteTyping();
  assert.equal(press(10), "advance", "no session ended");
  now += 5000;
  render({ primary: leave, picture: "bad" });
  assert.equal(press(10), "cancel", "nobody types");
});

test("the second of two presses does not leave, nor suggest, what the first one did not", (t) => {
  let now = 1000;
  t.mock.method(performance, "now", () => now);
  const leave = { ...advance, action: "cancel" };
  const pressAfter = (ms, first, second) => {
    render({ primary: first });
    assert.equal(pane.press(find("submit")), first.action);
    now += ms;
    render({ primary: second });
    return pane.press(find("submit"));
  };
  const back = { ...advance, action: "back" };
  assert.equal(pressAfter(200, back, leave), undefined);
  now += 200;
  assert.equal(pane.press(find("submit")), undefined, "nor does the third");
  now += 600;
  assert.equal(pane.press(find("submit")), "cancel");
  now += 1000;
  assert.equal(pressAfter(200, back, { ...advance, action: "suggest" }), undefined);
  assert.equal(pressAfter(700, back, leave), "cancel");
  now += 1000;
  assert.equal(pressAfter(200, { ...advance, action: "suggest" }, back), "back", "also after a quick second press");
  now += 1000;
  assert.equal(pressAfter(200, leave, leave), "cancel");
  now += 1000;
  assert.equal(pressAfter(200, advance, { ...advance, action: "restart" }), undefined, "the customer has not read why yet");
  now += 1000;
  render();
  pane.noteAdvance();
  now += 200;
  render({ primary: leave });
  assert.equal(pane.press(find("submit")), undefined, "Enter was pressed twice");
});

test("the focus stays in the pane when the focused element is removed", () => {
  render();
  find("submit").focus();
  render({ primary: { ...advance, isEnabled: false }, focus: "title" });
  assert.equal(root.activeElement, find("prompt"));
  document.body.appendChild(document.createElement("button")).focus();
  render();
  assert.equal(pane.hasFocus, false, "a focus elsewhere stays there");
});

test("at an end, what gets the focus is described, and the live regions are still", () => {
  render();
  find("submit").focus();
  render({ picture: "bad", title: "Failed", problem: "Try again", status: "", alert: "Failed. Try again" });
  assert.equal(find("submit").getAttribute("aria-describedby"), "title message");
  assert.equal(find("alert").textContent, "", "the reader reads the button with its description");
});

test("no event that shows a press leaves the pad", () => {
  const heard = [];
  const types = ["pointerdown", "click", "touchstart", "mousedown", "input", "paste"];
  for (const type of types) document.body.addEventListener(type, () => heard.push(type));
  render();
  for (const type of types) find("submit").dispatchEvent(new Event(type, { bubbles: true, composed: true }));
  assert.deepEqual(heard, []);
});

test("a refusal shakes, unless the person wants nothing to move", () => {
  const animate = (pane.body.animate = mock.fn());
  for (const [matches, count] of [[true, 0], [false, 1]]) {
    globalThis.matchMedia = () => ({ matches });
    render({ problem: "Too short" }, count + 1);
    assert.equal(animate.mock.callCount(), count);
  }
});

test("the focus leaves a button that takes another action after a press", () => {
  pane.field = find("pad").appendChild(document.createElement("input"));
  const [back, cancel] = ["back", "cancel"].map((action) => ({ ...advance, label: action, action }));
  render({ focus: "entry", secondary: back });
  find("secondary").focus();
  render({ focus: "entry", secondary: { ...back, label: "Back again" } });
  assert.equal(root.activeElement, find("secondary"), "it does the same");
  render({ focus: "entry", secondary: cancel });
  assert.equal(root.activeElement, pane.field);
});

test("a button that is all there is to press is described by what to mind, unless that is said already", () => {
  const by = () => find("submit").getAttribute("aria-describedby");
  render({ hint: "Make sure that nobody sees it" });
  assert.equal(by(), "hint");
  render({ hint: "Make sure that nobody sees it", status: "Make sure that nobody sees it" });
  assert.equal(by(), null);
  render({ focus: "entry" });
  assert.equal(by(), null);
});
