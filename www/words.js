// @ts-check

/** The pad's words: their language, numerals and plurals, and the texts that the page has changed. */

import { own as en } from "./languages/en.js";
import { bare } from "./platform.js";

/**
 * A text: a string, or one for each plural category.
 * @typedef {string | Record<string, string>} Text
 */

/** @typedef {Record<string, Record<string, Text>>} Texts */

/**
 * Loads the languages other than English, which is part of this script. Each address is a literal, so that a bundler finds the file.
 * @type {Record<string, () => Promise<{default: Texts}>>}
 */
const LOADERS = {
  ar: () => import("./languages/ar.js"),
  bg: () => import("./languages/bg.js"),
  cs: () => import("./languages/cs.js"),
  da: () => import("./languages/da.js"),
  de: () => import("./languages/de.js"),
  el: () => import("./languages/el.js"),
  es: () => import("./languages/es.js"),
  et: () => import("./languages/et.js"),
  fi: () => import("./languages/fi.js"),
  fr: () => import("./languages/fr.js"),
  ga: () => import("./languages/ga.js"),
  hr: () => import("./languages/hr.js"),
  hu: () => import("./languages/hu.js"),
  is: () => import("./languages/is.js"),
  it: () => import("./languages/it.js"),
  lt: () => import("./languages/lt.js"),
  lv: () => import("./languages/lv.js"),
  mt: () => import("./languages/mt.js"),
  nb: () => import("./languages/nb.js"),
  nl: () => import("./languages/nl.js"),
  pl: () => import("./languages/pl.js"),
  pt: () => import("./languages/pt.js"),
  ro: () => import("./languages/ro.js"),
  sk: () => import("./languages/sk.js"),
  sl: () => import("./languages/sl.js"),
  sv: () => import("./languages/sv.js"),
  tr: () => import("./languages/tr.js"),
  uk: () => import("./languages/uk.js"),
};

/** An own property of an object: a script on the page cannot add a text by `Object.prototype`. @param {any} object @param {string} key */
const ownOf = (object, key) => (object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined);

/** Other names of the languages. @type {Record<string, string>} */
const ALIASES = { no: "nb", nn: "nb" };

/**
 * @param {string} tag BCP 47
 * @returns {Intl.Locale | undefined} `undefined` for an invalid tag, and for a language that the pad does not have
 */
function localeOf(tag) {
  try {
    const locale = new Intl.Locale(tag);
    const language = ownOf(ALIASES, locale.language) ?? locale.language;
    return language === "en" || Object.hasOwn(LOADERS, language) ? new Intl.Locale(tag, bare({ language })) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The language that a page asks for by its `lang`; without one, the first of the reader's languages that the pad has; else English.
 * @param {string} tag the nearest `lang`, or nothing
 * @returns {Intl.Locale}
 */
export function chooseLocale(tag) {
  const found = tag ? localeOf(tag) : (navigator.languages ?? []).map(localeOf).find(Boolean);
  return found ?? new Intl.Locale("en");
}

/**
 * @param {Element} element
 * @returns {string} its own `lang` or that of the nearest element around it, also outside its shadow tree; or nothing
 */
export function nearestLang(element) {
  /** @type {Element | undefined} */
  let at = element;
  while (at) {
    const tagged = at.closest("[lang]");
    if (tagged) return tagged.getAttribute("lang") ?? "";
    at = /** @type {Partial<ShadowRoot>} */ (at.getRootNode()).host;
  }
  return "";
}

/**
 * @param {Intl.Locale} locale one that `chooseLocale` chose
 * @returns {Texts | Promise<Texts>}
 */
export function loadTexts(locale) {
  const load = ownOf(LOADERS, locale.language);
  return load ? load().then((/** @type {{default: Texts}} */ language) => language.default) : en;
}

/** The plural categories (Unicode Technical Standard 35, part 3, 5). */
const PLURALS = ["zero", "one", "two", "few", "many", "other"];

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isObject = (value) => typeof value === "object" && value !== null;

/**
 * Checks the texts with which a page replaces the pad's own: any number, of any group.
 * @param {unknown} words
 * @returns {Texts}
 * @throws {TypeError} that names a key which is not a text of the pad, or has none
 */
export function checkWords(words) {
  /** @type {Texts} */
  const own = en;
  for (const [group, texts] of Object.entries(Object(words))) {
    if (texts === undefined) continue;
    if (!isObject(texts)) throw new TypeError(`words.${group} has to be an object of texts`);
    for (const [key, text] of Object.entries(texts)) {
      if (!Object.hasOwn(own, group) || !Object.hasOwn(own[group], key)) {
        throw new TypeError(`words has no text ${group}.${key}`);
      }
      const forms = isObject(text) ? text : { other: text };
      const isRight = Object.entries(forms).every(([plural, form]) => PLURALS.includes(plural) && typeof form === "string");
      if (!isRight || !Object.hasOwn(forms, "other")) {
        throw new TypeError(`words.${group}.${key} has to be a string, or an object with one for \`other\` and for other plurals`);
      }
    }
  }
  return /** @type {Texts} */ (words);
}

export class Words {
  #texts;
  #changed;
  #locale;
  #plurals;
  /** @type {Intl.NumberFormat | undefined} */
  #numbers;

  /**
   * @param {Intl.Locale} locale
   * @param {Texts | undefined} texts `undefined` while they are being loaded: then all are empty
   * @param {Texts} changed by the page
   */
  constructor(locale, texts, changed) {
    this.lang = locale.toString();
    this.dir = directionOf(locale);
    this.#texts = texts;
    this.#changed = changed;
    this.#locale = locale;
    this.#plurals = new Intl.PluralRules(this.lang, bare({}));
  }

  /**
   * Writes a number in the numerals of the reader. A page's first `NumberFormat` takes Chromium 14 to 50 ms, as long as all other drawing:
   * languages that write whole numbers as JavaScript does need none.
   * @param {number} value
   */
  #numeral(value) {
    if (this.#locale.language !== "ar" && this.#locale.numberingSystem === undefined) return String(value);
    this.#numbers ??= new Intl.NumberFormat(this.lang, bare({ useGrouping: false }));
    return this.#numbers.format(value);
  }

  /** A number of seconds, in words. @param {number} count */
  seconds(count) {
    /** @type {Intl.NumberFormatOptions} */
    const unit = { style: "unit", unit: "second", unitDisplay: "long" };
    return new Intl.NumberFormat(this.lang, bare(unit)).format(count);
  }

  /**
   * @param {string} group
   * @param {string} key
   * @param {Record<string, number | string>} [values] the values for the placeholders; `count` chooses the plural
   * @returns {string}
   */
  text(group, key, values = {}) {
    /** @type {Text} */
    const text = ownOf(ownOf(this.#changed, group), key) ?? ownOf(ownOf(this.#texts, group), key) ?? "";
    /** @type {string} */
    const form = typeof text === "string" ? text : (ownOf(text, this.#plurals.select(Number(values.count))) ?? ownOf(text, "other") ?? "");
    return form.replace(/\{(\w+)\}/g, (_, name) => {
      const value = ownOf(values, name);
      return typeof value === "number" ? this.#numeral(value) : (value ?? "");
    });
  }
}

/** @param {Intl.Locale} locale @returns {"ltr" | "rtl"} */
function directionOf(locale) {
  const known = /** @type {any} */ (locale);
  const { direction } = known.getTextInfo?.() ?? known.textInfo ?? {};
  // For engines that do not know it: Arabic is the only language of the pad that is written from right to left.
  return direction ?? (locale.language === "ar" ? "rtl" : "ltr");
}
