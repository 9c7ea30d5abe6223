import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import en from "../languages/en.js";
import { Stage } from "../stage.js";
import { Words } from "../words.js";

const words = new Words(new Intl.Locale("en"), en, {});

test("each session has a canvas of its own", () => {
  const stage = new Stage();
  const [first, second] = [stage.makeCanvas(), stage.makeCanvas()];
  assert.notEqual(first, second);
  assert.deepEqual([...stage.element.children], [second]);
  stage.clear();
  assert.deepEqual([stage.canvas, stage.element.childElementCount], [undefined, 0]);
});

test("a digit is said in words and alone, and gone when the PIN is", () => {
  const stage = new Stage();
  stage.makeCanvas();
  stage.render(words, true);
  assert.equal(stage.canvas.getAttribute("aria-label"), "Picture of your PIN");
  const said = [];
  for (const [digit, place] of [[4, 0], [0, 1], [undefined, 2]]) {
    stage.spell(digit, place);
    said.push(stage.spoken.textContent);
  }
  assert.deepEqual(said, ["Digit 1: four", "Digit 2: zero", ""]);
  stage.spell(4, 0);
  stage.render(words, false);
  assert.equal(stage.spoken.textContent, "");
});
