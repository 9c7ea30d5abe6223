import "./page.js";
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { afterEach, test } from "node:test";
import en from "../languages/en.js";
import { Words, checkWords, chooseLocale, loadTexts, nearestLang } from "../words.js";

const languages = (tags) => Object.defineProperty(navigator, "languages", { value: tags, configurable: true });
afterEach(() => {
  delete navigator.languages;
  document.documentElement.removeAttribute("lang");
  document.body.replaceChildren();
});

test("the page's language comes before the reader's, and English after both", () => {
  languages(["tlh", "fi-FI", "de"]);
  assert.equal(chooseLocale("fr-CA").toString(), "fr-CA");
  assert.equal(chooseLocale("").toString(), "fi-FI");
  assert.equal(chooseLocale("tlh").toString(), "en", "a page in an unknown language does not get the reader's");
  assert.equal(chooseLocale("not a tag").toString(), "en");
  assert.equal(chooseLocale("no").toString(), "nb");
});

test("the nearest lang counts, out of shadow trees too", () => {
  document.documentElement.lang = "de";
  const outer = document.body.appendChild(document.createElement("div"));
  const inner = outer.attachShadow({ mode: "open" }).appendChild(document.createElement("p"));
  assert.equal(nearestLang(inner), "de");
  outer.lang = "it";
  assert.equal(nearestLang(inner), "it");
  assert.equal(nearestLang(document.createElement("p")), "");
});

test("every file of a language is loaded for its tag", async () => {
  for (const file of readdirSync(new URL("../languages/", import.meta.url))) {
    const [language] = file.split(".");
    const { default: all, own: texts = all } = await import(`../languages/${file}`);
    assert.equal(await loadTexts(chooseLocale(language)), texts, language);
  }
});

test("numbers have the language's plural and the reader's numerals", async () => {
  const polish = new Words(new Intl.Locale("pl"), await loadTexts(new Intl.Locale("pl")), {});
  const forms = [1, 2, 5].map((count) => polish.text("refusals", "tooShort", { count }));
  assert.equal(new Set(forms.map((form) => form.replace(/\d/, ""))).size, 3, forms.join());
  const arabic = new Words(new Intl.Locale("ar-EG"), en, {});
  assert.equal(arabic.text("pad", "step", { step: 1, steps: 2 }), "Step ١ of ٢");
  assert.equal(arabic.dir, "rtl");
  assert.equal(polish.dir, "ltr");
});

test("a page changes any text, and the rest stays", () => {
  const words = new Words(new Intl.Locale("en"), en, checkWords({ pad: { choose: "Pick a PIN", length: { one: "{count}!", other: "{count}?" } } }));
  assert.equal(words.text("pad", "choose"), "Pick a PIN");
  assert.equal(words.text("pad", "length", { count: 1 }), "1!");
  assert.equal(words.text("pad", "length", { count: 4 }), "4?");
  assert.equal(words.text("pad", "repeat"), en.pad.repeat);
});

test("an error names a text that the pad does not have", () => {
  assert.throws(() => checkWords({ pad: { chose: "x" } }), { name: "TypeError", message: /pad\.chose/ });
  assert.throws(() => checkWords({ pads: { choose: "x" } }), /pads\.choose/);
  for (const text of [() => "x", 4, null, { other: 4 }, {}, { one: "x" }, { other: "x", others: "y" }, []]) assert.throws(() => checkWords({ pad: { choose: text } }), /pad\.choose has to be/);
  assert.throws(() => checkWords({ pad: { toString: "x" } }), /pad\.toString/);
  for (const group of [null, "x", 4]) assert.throws(() => checkWords({ pad: group }), /words\.pad has to be an object/);
});

test("without texts, while they are loaded, nothing is said", () => {
  assert.equal(new Words(new Intl.Locale("de"), undefined, {}).text("pad", "choose"), "");
});

test("nothing on Object.prototype is a text", async () => {
  Object.assign(Object.prototype, { pad: { done: "Polluted" }, network: "Polluted", few: "Polluted", fr: "Polluted", en: async () => ({ default: {} }) });
  try {
    const { default: en } = await import("../languages/en.js");
    const words = new Words(chooseLocale("en"), en, {});
    assert.equal(words.text("pad", "done"), "Your PIN is set");
    assert.equal(words.text("viewErrors", "network"), en.viewErrors && Object.hasOwn(en.viewErrors, "network") ? en.viewErrors.network : "");
    assert.ok(!(loadTexts(chooseLocale("en")) instanceof Promise), "English is here");
    assert.equal(chooseLocale("fr").toString(), "fr");
  } finally {
    for (const name of ["pad", "network", "few", "fr", "en"]) delete Object.prototype[name];
  }
});

test("numbers are written as the language writes them", () => {
  const languages = readdirSync(new URL("../languages/", import.meta.url)).map((file) => file.split(".")[0]);
  const texts = { pad: { number: "{count}" } };
  for (const tag of [...languages, "ar-EG", "ar-MA", "de-CH", "en-IN", "fr-CA", "pt-BR", "en-u-nu-deva"]) {
    const words = new Words(new Intl.Locale(tag), texts, {});
    const numbers = new Intl.NumberFormat(tag, { useGrouping: false });
    for (const count of [0, 4, 12, 60, 3600]) assert.equal(words.text("pad", "number", { count }), numbers.format(count), `${tag} ${count}`);
  }
  assert.equal(new Words(new Intl.Locale("ar-EG"), texts, {}).text("pad", "number", { count: 4 }), "٤");
});

test("nothing on Object.prototype changes how numbers are written", () => {
  const polluted = { style: "percent", numberingSystem: "arab", minimumFractionDigits: 2, script: "Arab", type: "ordinal", code: "evil" };
  const before = [new Words(new Intl.Locale("en"), en, {}).text("pad", "length", { count: 4 }), chooseLocale("no").toString()];
  Object.assign(Object.prototype, polluted);
  try {
    const words = new Words(new Intl.Locale("en"), { pad: { ...en.pad, unknown: "{code}" } }, {});
    assert.deepEqual([words.text("pad", "length", { count: 4 }), chooseLocale("no").toString()], before);
    assert.equal(words.seconds(20), "20 seconds");
    assert.equal(words.text("pad", "unknown", {}), "");
  } finally {
    for (const name of Object.keys(polluted)) delete Object.prototype[name];
  }
});
