// @ts-check

/** The words of an element: in the language of its place, as soon as they are loaded. */

import { Words, chooseLocale, loadTexts, nearestLang } from "./words.js";

/** @import {Texts} from "./words.js" */

/** How long the pad waits for a language before it speaks English, in milliseconds. */
const LOADING_MS = 3000;

export class Speech {
  #element;
  #onChange;
  /** @type {Texts} */
  #changed = {};
  /** @type {Words | undefined} */
  #words;
  /** The language that was asked for last. */
  #tag = "";

  /**
   * @param {Element} element
   * @param {() => void} onChange called when there are other words
   */
  constructor(element, onChange) {
    this.#element = element;
    this.#onChange = onChange;
  }

  /** The page's texts that replace the pad's own. */
  get changed() {
    return this.#changed;
  }

  set changed(changed) {
    this.#changed = changed;
    this.#tag = "";
  }

  /** The words in the current language of the element's place. The texts are empty until they are loaded. */
  get words() {
    const locale = chooseLocale(nearestLang(this.#element));
    const tag = locale.toString();
    if (this.#words && tag === this.#tag) return this.#words;
    this.#tag = tag;
    const texts = loadTexts(locale);
    if (!(texts instanceof Promise)) return (this.#words = new Words(locale, texts, this.#changed));
    const late = setTimeout(() => this.#useEnglish(tag, locale), LOADING_MS);
    texts
      .then((loaded) => this.#use(tag, new Words(locale, loaded, this.#changed)))
      .catch(() => this.#useEnglish(tag, locale))
      .finally(() => clearTimeout(late));
    return (this.#words ??= new Words(locale, undefined, this.#changed));
  }

  /** @param {string} tag @param {Intl.Locale} locale */
  #useEnglish(tag, { language }) {
    if (tag === this.#tag) console.warn(`<card-pin>: languages/${language}.js did not load`);
    const english = chooseLocale("en");
    this.#use(tag, new Words(english, /** @type {Texts} */ (loadTexts(english)), this.#changed));
  }

  /** @param {string} tag @param {Words} words */
  #use(tag, words) {
    if (tag !== this.#tag) return;
    this.#words = words;
    this.#onChange();
  }
}
