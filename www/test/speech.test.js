import "./page.js";
import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { Speech } from "../speech.js";

const settle = () => new Promise((resolve) => setImmediate(resolve));
afterEach(() => {
  mock.timers.reset();
  document.body.replaceChildren();
});

function make(lang) {
  const element = document.body.appendChild(document.createElement("div"));
  element.lang = lang;
  let changes = 0;
  const speech = new Speech(element, () => (changes += 1));
  return { element, speech, text: () => speech.words.text("pad", "erase"), changes: () => changes };
}
const loaded = async ({ changes }, count) => {
  while (changes() < count) await settle();
};

test("English is there at once, and another language when it is loaded", async () => {
  assert.equal(make("en-GB").text(), "Delete");
  const german = make("de");
  assert.equal(german.text(), "");
  await loaded(german, 1);
  assert.equal(german.text(), "Löschen");
  assert.equal(german.speech.words.lang, "de");
});

test("until another language is loaded, the words are those of before", async () => {
  const made = make("de");
  made.text();
  await loaded(made, 1);
  made.element.lang = "fi";
  assert.equal(made.text(), "Löschen");
  await loaded(made, 2);
  assert.equal(made.speech.words.lang, "fi");
});

test("a language that is asked for last counts, whichever is loaded last", async () => {
  const made = make("de");
  made.text();
  made.element.lang = "en";
  assert.equal(made.text(), "Delete");
  await import("../languages/de.js");
  await settle();
  assert.equal(made.text(), "Delete");
});

test("texts of the page's come before the pad's own, at once", () => {
  const { speech, text } = make("en");
  assert.equal(text(), "Delete");
  speech.changed = { pad: { erase: "Back" } };
  assert.equal(text(), "Back");
});
