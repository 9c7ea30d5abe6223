// @ts-check

/** What the pad and the viewing pane are made of. */

import css from "card-pin-style";
import { makeElement } from "./platform.js";

/**
 * An element that a page can style by `::part(name)`.
 * @param {string} tag
 * @param {string} name
 * @returns {HTMLElement}
 */
export function part(tag, name) {
  const element = makeElement(tag);
  element.setAttribute("part", name);
  return element;
}

/**
 * Puts `pane` where another may have been.
 * @param {ShadowRoot} root
 * @param {HTMLElement} pane
 */
export function fill(root, pane) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  root.replaceChildren(pane);
}
