import "./page.js";
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import en from "../languages/en.js";
import { initial } from "../session-state.js";
import { ViewPane } from "../view-pane.js";
import { Words } from "../words.js";

const words = new Words(new Intl.Locale("en"), en, {});
const state = { ...initial({ views: true, isGiven: true }), phase: "open", problem: undefined };
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** A pane, and a function that returns its title. */
function make(load) {
  const root = document.body.appendChild(document.createElement("div")).attachShadow({ mode: "closed" });
  const pane = new ViewPane(root, () => pane.render(state, words), load);
  pane.render(state, words);
  return () => root.querySelector("[part=prompt]").textContent;
}

test("the pane waits for its texts, but not for ever", async (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  let arrive = () => {};
  const title = make(() => new Promise((resolve) => (arrive = resolve)));
  assert.equal(title(), en.pad.preparing);
  mock.timers.tick(3000);
  assert.equal(title(), en.pad.unusable);
  arrive({ describeView: () => ({ title: "It came late", focus: "title", isBusy: false, isShown: false }) });
  await nextTurn();
  assert.equal(title(), "It came late");
});

test("if it does not load, the pad says that it cannot be used", async () => {
  const title = make(async () => Promise.reject(new TypeError("no such file")));
  await nextTurn();
  assert.equal(title(), en.pad.unusable);
});
