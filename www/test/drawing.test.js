import "./page.js";
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { Drawing } from "../drawing.js";
import { padState } from "../pad-state.js";
import { ViewPane } from "../view-pane.js";

const waiting = () => padState(undefined, undefined, { isUnusable: false, isSlow: false, hasWaited: false, asks: true });
afterEach(() => document.body.replaceChildren());

/** A drawing on an element of its own, and a record of what it did. */
function make({ states } = {}) {
  const element = document.createElement("div");
  element.attachInternals = () => ({ states });
  document.body.append(element);
  const done = [];
  const acts = { press: (button) => done.push(button.dataset.key), type: (typed) => done.push(typed) > 0, state: waiting };
  return { element, done, drawing: new Drawing(element, acts) };
}

test("a pane is made when it is needed, kept, and replaced by the other kind", () => {
  const { element, drawing } = make();
  drawing.render();
  assert.equal(element.shadowRoot.childElementCount, 0);
  const pad = drawing.show(false);
  assert.equal(drawing.show(false), pad);
  const pane = drawing.show(true);
  assert.ok(pane instanceof ViewPane);
  assert.equal(element.shadowRoot.querySelectorAll("[part=pad]").length, 1);
});

test("another pane gets the focus that the first one had", () => {
  const { element, drawing } = make();
  drawing.show(false).pane.focus();
  assert.ok(element.shadowRoot.activeElement);
  drawing.show(true);
  assert.ok(element.shadowRoot.activeElement);
});

test("a press of the mouse takes the focus from nothing", () => {
  const { element, drawing } = make();
  const { pane } = drawing.show(false);
  const isAllowed = pane.element.dispatchEvent(new window.MouseEvent("mousedown", { bubbles: true, cancelable: true }));
  assert.equal(isAllowed, false);
  assert.ok(element.shadowRoot.activeElement === null);
});

test("a page's style can use the state of the pad, one at a time", () => {
  const states = new Set();
  const { drawing } = make({ states });
  drawing.show(false);
  states.add("done");
  drawing.render();
  assert.deepEqual([...states], ["waiting"]);
});

test("an engine without such states draws nevertheless", () => {
  const states = { clear: () => {}, add: () => { throw new DOMException("", "SyntaxError"); } };
  const { element, drawing } = make({ states });
  drawing.show(false);
  drawing.render();
  assert.notEqual(element.shadowRoot.querySelector("[part=prompt]").textContent, "");
});
