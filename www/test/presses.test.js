import "./page.js";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Presses } from "../presses.js";

const impl = (object) => object[Object.getOwnPropertySymbols(object).find(({ description }) => description === "impl")];
/** The keys 4 and 8, side by side, 100 wide. @type {Record<string, HTMLButtonElement>} */
let keys;
let pressed;

beforeEach(() => {
  document.body.replaceChildren();
  const pad = document.body.appendChild(document.createElement("div"));
  keys = {};
  pressed = "";
  for (const [place, name] of ["4", "8"].entries()) {
    const key = (keys[name] = pad.appendChild(document.createElement("button")));
    key.textContent = name;
    key.getBoundingClientRect = () => ({ left: 100 * place, right: 100 * place + 99, top: 0, bottom: 50 });
  }
  new Presses(pad, (button) => (pressed += button.textContent));
});

/** An event like one that a person causes: jsdom's own events are not trusted. */
function cause(type, target, fields = {}, isTrusted = true) {
  const event = new window.MouseEvent(type, { bubbles: true, ...fields });
  Object.defineProperty(event, "pointerId", { value: fields.pointerId ?? 1 });
  impl(event).isTrusted = isTrusted;
  impl(target)._dispatch(impl(event));
}
const at = (name) => ({ clientX: name === "4" ? 50 : 150, clientY: 25 });
const down = (name, pointerId) => cause("pointerdown", keys[name], { ...at(name), pointerId });
const up = (name, pointerId) => cause("pointerup", keys[name], { ...at(name), pointerId });

test("one finger after the other, with the clicks that follow", () => {
  for (const name of ["4", "8", "8"]) {
    down(name, 1);
    up(name, 1);
    cause("click", keys[name], { detail: 1 });
  }
  assert.equal(pressed, "488");
});

test("two fingers that overlap count in the order in which they came down", () => {
  const orders = [
    () => (up("4", 1), up("8", 2)),
    () => (up("8", 2), up("4", 1)),
    () => up("8", 2),
  ];
  for (const lift of orders) {
    pressed = "";
    down("4", 1);
    down("8", 2);
    lift();
    assert.equal(pressed, "48");
  }
});

test("a finger that slides off, or is taken away, presses nothing", () => {
  down("4", 1);
  cause("pointermove", keys["4"], { clientX: 50, clientY: 90, pointerId: 1 });
  cause("pointerup", keys["4"], { clientX: 50, clientY: 90, pointerId: 1 });
  down("4", 1);
  cause("pointercancel", keys["4"], { pointerId: 1 });
  up("4", 1);
  assert.equal(pressed, "");
});

test("a mouse that was let go of outside has pressed nothing", () => {
  down("4", 1);
  down("8", 1);
  up("8", 1);
  assert.equal(pressed, "8");
});

test("a finger that slides within its key presses it", () => {
  down("4", 1);
  cause("pointermove", keys["4"], { clientX: 74, clientY: 40, pointerId: 1 });
  cause("pointerup", keys["4"], { clientX: 74, clientY: 40, pointerId: 1 });
  assert.equal(pressed, "4");
});

test("a click that no finger led to counts once: a keyboard's, a screen reader's", () => {
  cause("click", keys["4"], { detail: 0 });
  cause("click", keys["8"], { detail: 1 });
  assert.equal(pressed, "48");
});

test("made-up events, other mouse buttons and disabled keys press nothing", () => {
  cause("pointerdown", keys["4"], { ...at("4") }, false);
  cause("pointerup", keys["4"], { ...at("4") }, false);
  cause("click", keys["4"], { detail: 0 }, false);
  cause("pointerdown", keys["4"], { ...at("4"), button: 2 });
  up("4", 1);
  keys["8"].disabled = true;
  down("8", 1);
  up("8", 1);
  assert.equal(pressed, "");
});
