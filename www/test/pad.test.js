import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import en from "../languages/en.js";
import { Pad } from "../pad.js";
import { ViewPane } from "../view-pane.js";
import { Words } from "../words.js";

const words = new Words(new Intl.Locale("en"), en, {});
const start = {
  ...{ phase: "open", step: "entry", digits: 0, minLength: 4, maxLength: 4, confirm: true, refusesWeak: true, refusals: 0 },
  ...{ problem: undefined, reason: null, waitsSeconds: null, checking: false, timeLeft: null, isSlow: false, secondsLeft: 30 },
  ...{ suggested: false, hasWaited: false, canSuggest: true, canRestart: false },
};
function make(Drawn) {
  const root = document.body.appendChild(document.createElement("div")).attachShadow({ mode: "closed" });
  const drawn = new Drawn(root, () => true);
  const isSeen = (name) => !root.querySelector(`[part=${name}]`).closest("[data-concealed]");
  return { drawn, root, isSeen, render: (changes) => drawn.render({ ...start, ...changes }, words) };
}
const dots = (root) => [...root.querySelectorAll("[part=dot]")].map((dot) => dot.hasAttribute("data-filled"));

test("as many dots are filled as there are digits, and never fewer places than needed", () => {
  const { root, render } = make(Pad);
  render({ digits: 3 });
  assert.deepEqual(dots(root), [true, true, true, false]);
  render({ digits: 6, maxLength: 12 });
  assert.deepEqual(dots(root), Array(6).fill(true));
  render({ digits: 1, maxLength: 12 });
  assert.deepEqual(dots(root), [true, false, false, false]);
});

test("the keys are enabled while digits are accepted, and absent if they are not wanted", () => {
  const { drawn, root, render } = make(Pad);
  drawn.layKeys("fixed");
  for (const [phase, isOn] of [["open", true], ["submitting", false], ["waiting", false]]) {
    render({ phase });
    assert.ok([...root.querySelectorAll("[part=key]")].every(({ disabled }) => disabled === !isOn), phase);
  }
  drawn.layKeys("none");
  assert.equal(root.querySelector("[part=key]"), null);
});

test("a suggestion takes the place of dots and keys, and the sign of an end takes that of all", () => {
  const { drawn, isSeen, render } = make(Pad);
  drawn.layKeys("fixed");
  render({});
  assert.deepEqual(["dots", "keys", "suggestion"].map(isSeen), [true, true, false]);
  render({ suggested: true });
  assert.deepEqual(["dots", "keys", "suggestion"].map(isSeen), [false, false, true]);
  render({ phase: "done" });
  assert.deepEqual(["dots", "keys", "suggestion", "picture"].map(isSeen), [false, false, false, true]);
});

test("the entry field is named and described by the text above it", () => {
  const { root, render } = make(Pad);
  render({});
  const field = root.querySelector("[part=field]");
  assert.equal(root.getElementById(field.getAttribute("aria-labelledby")).textContent, "Choose your PIN");
  const described = field.getAttribute("aria-describedby").split(" ").map((id) => root.getElementById(id).textContent);
  assert.match(described.join(" "), /4 digits/);
});

test("the canvas of a viewed PIN is removed when it is hidden", () => {
  const { drawn, root, isSeen, render } = make(ViewPane);
  render({ phase: "open" });
  const canvas = drawn.stage.makeCanvas();
  render({ phase: "shown" });
  assert.ok(root.contains(canvas) && isSeen("stage"));
  render({ phase: "hidden" });
  assert.equal(root.contains(canvas), false);
});
