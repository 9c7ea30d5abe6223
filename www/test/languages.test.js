import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import english from "../languages/en.js";

const folder = new URL("../languages/", import.meta.url);
const languages = readdirSync(folder).map((file) => file.replace(/\.js$/, ""));

/** A text's forms: itself, or one for each plural category. */
const forms = (text) => (typeof text === "string" ? [text] : Object.values(text));
const placeholders = (form) => [...new Set(form.match(/\{\w*\}/g))].sort();
const longest = (text) => Math.max(...forms(text).map((form) => [...form].length));

test("English is among the languages", () => assert.ok(languages.includes("en")));

for (const language of languages) {
  const { default: words } = await import(new URL(`${language}.js`, folder).href);

  test(`${language} has the groups and keys of English, in the same order`, () => {
    assert.deepEqual(Object.keys(words), Object.keys(english));
    for (const group of Object.keys(english)) assert.deepEqual(Object.keys(words[group]), Object.keys(english[group]), group);
  });

  for (const [group, texts] of Object.entries(english)) {
    test(`${language} says all that English says in ${group}`, () => {
      // A language that Node does not know falls back to another, whose plural categories would prove nothing.
      assert.deepEqual(Intl.PluralRules.supportedLocalesOf(language), [language]);
      const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
      for (const [key, model] of Object.entries(texts)) {
        const text = words[group][key];
        const name = `${group}.${key}`;
        assert.equal(typeof text, typeof model, `${name} has plural forms exactly where English has them`);
        if (typeof text === "object") assert.deepEqual(Object.keys(text).toSorted(), categories, `${name}: plural categories`);
        for (const form of forms(text)) {
          assert.ok(typeof form === "string" && form !== "" && form === form.trim(), `${name} is a trimmed text`);
          assert.deepEqual(placeholders(form), placeholders(forms(model)[0]), `${name}: placeholders of "${form}"`);
        }
        // Longer texts would not fit a phone that is 320 pixels wide.
        assert.ok(longest(text) <= Math.max(2.2 * longest(model), 130), `${name} is too long`);
      }
    });
  }
}
