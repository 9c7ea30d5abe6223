// @ts-check

/**
 * The common part of both panes, for setting and for viewing a PIN: texts, buttons, announcements for a screen reader, and the
 * focus. It draws a description, and writes only the differences: a text that is written twice is said twice.
 */

import css from "card-pin-style";
import { icon } from "./keypad.js";
import { bare, makeElement } from "./platform.js";

/** @import {Action, Button, View} from "./describe-pad.js" */
/** @import {Words} from "./words.js" */

const PICTURES = { good: "M4.5 12.5l5 5 10-11", bad: "M12 4.5v9.5m0 4.5v1" };

/** How soon the second of two presses comes, in milliseconds. */
const DOUBLE_PRESS_MS = 500;
/** Actions that the second of two quick presses does not mean, if the button had another action at the first. @type {Action[]} */
const UNASKED = ["cancel", "restart", "suggest"];
/** How long after a digit the customer may still be typing, in milliseconds. */
const TYPING_MS = 1000;

/** Events that show what is pressed or typed: none of them leaves the pad. */
const PRIVATE = (
  "pointerdown pointerup pointermove pointerover pointerout pointercancel pointerrawupdate gotpointercapture lostpointercapture " +
  "mousedown mouseup mousemove mouseover mouseout touchstart touchend touchmove touchcancel " +
  "click dblclick auxclick contextmenu selectstart dragstart " +
  "beforeinput input compositionstart compositionupdate compositionend change paste copy cut"
).split(" ");

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

/** Writes a text if it differs. @param {HTMLElement} element @param {string} text */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {HTMLElement} element @param {string} name @param {string} value */
export function writeAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Hides an element, which keeps its place. @param {HTMLElement} element @param {boolean} isHidden */
export function conceal(element, isHidden) {
  element.toggleAttribute("data-concealed", isHidden);
}

export class Pane {
  element = part("div", "pad");
  /** The part between the texts and the buttons. */
  body = part("div", "body");
  title = part("p", "prompt");
  step = part("p", "step");
  hint = part("p", "hint");
  #description = makeElement("p");
  #problem = part("p", "message");
  #titleRoom = part("div", "room");
  #hintRoom = part("div", "room");
  #picture = part("div", "picture");
  #primary = /** @type {HTMLButtonElement} */ (part("button", "submit"));
  #secondary = /** @type {HTMLButtonElement} */ (part("button", "secondary"));
  #status = part("p", "status");
  #alert = part("p", "alert");
  #root;
  /** @type {HTMLElement | undefined} the element that takes the digits */
  field;
  /** @type {View | undefined} */
  #view;
  #refusals = 0;
  /** The last press of a button. @type {{button: HTMLElement, action: Action, at: number} | undefined} */
  #pressed;
  #typedAt = -Infinity;
  #overAt = -Infinity;

  /** @param {ShadowRoot} root */
  constructor(root) {
    this.#root = root;
    const head = part("div", "head");
    const titles = part("div", "room");
    const hints = part("div", "room");
    const foot = part("div", "foot");
    this.element.setAttribute("role", "group");
    this.title.setAttribute("role", "heading");
    this.title.setAttribute("aria-level", "2");
    this.title.tabIndex = -1;
    this.title.id = "title";
    this.#description.id = "hint";
    this.#description.hidden = true;
    this.#problem.id = "message";
    this.#primary.type = this.#secondary.type = "button";
    this.#primary.dataset.key = "submit";
    this.#secondary.dataset.key = "secondary";
    this.#status.setAttribute("role", "status");
    // Not the role `alert`: Firefox does not mark it as live, and Orca then misses the second of two alerts.
    this.#alert.setAttribute("role", "status");
    this.#alert.setAttribute("aria-live", "assertive");
    // The alert says the problem, with its explanation, so the drawn text is hidden from screen readers.
    this.#problem.setAttribute("aria-hidden", "true");
    for (const room of [this.#titleRoom, this.#hintRoom]) {
      room.setAttribute("aria-hidden", "true");
      conceal(room, true);
    }
    titles.append(this.title, this.#titleRoom);
    hints.append(this.hint, this.#problem, this.#hintRoom);
    head.append(this.step, titles, hints);
    foot.append(this.#primary, this.#secondary);
    this.element.append(head, this.body, foot, this.#description, this.#status, this.#alert);
    for (const type of PRIVATE) this.element.addEventListener(type, (event) => event.stopPropagation());
    root.replaceChildren(this.element);
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      root.adoptedStyleSheets = [sheet];
    } catch {
      // Safari before 16.4 has no such sheets, nor do the documents of unit tests.
      const style = makeElement("style");
      style.textContent = css;
      root.append(style);
    }
  }

  /**
   * The action of a button, if it is one of the two at the bottom of this pane.
   * @param {HTMLElement} pressed
   * @returns {Action | undefined}
   */
  #actionOf(pressed) {
    const shown = pressed === this.#primary ? this.#view?.primary : pressed === this.#secondary ? this.#view?.secondary : undefined;
    return shown?.isEnabled ? shown.action : undefined;
  }

  /** Notes that a digit was typed. */
  noteTyping() {
    this.#typedAt = performance.now();
  }

  /** Notes that the primary button was pressed by a key: the focus may be on it when the key comes again. */
  noteAdvance() {
    this.#pressed = { button: this.#primary, action: "advance", at: performance.now() };
  }

  /** Whether a session ended while the customer was typing, whose next press may have been meant for the PIN. @param {number} at */
  #isStillTyping(at) {
    return this.#typedAt > this.#overAt - TYPING_MS && at - Math.max(this.#typedAt, this.#overAt) < DOUBLE_PRESS_MS;
  }

  /**
   * Decides what a press of a button means. A customer who presses twice, out of habit, means the button's first action.
   * @param {HTMLElement} button
   * @returns {Action | undefined}
   */
  press(button) {
    const action = this.#actionOf(button);
    const at = performance.now();
    if (!action) return undefined;
    if (this.#view?.picture && this.#isStillTyping(at)) {
      this.#typedAt = at;
      return undefined;
    }
    const before = this.#pressed;
    const isAnother = before?.button === button && before.action !== action && at - before.at < DOUBLE_PRESS_MS;
    const isMeant = !isAnother || !UNASKED.includes(action);
    // The same is true of a third press.
    this.#pressed = { button, action: isMeant ? action : before.action, at };
    return isMeant ? action : undefined;
  }

  /** Whether this pane has the focus. */
  get hasFocus() {
    return this.#root.activeElement !== null;
  }

  /** @param {FocusOptions} [options] */
  focus(options) {
    const { focus } = this.#view ?? {};
    const target = focus === "primary" ? this.#primary : focus === "title" || !this.field ? this.title : this.field;
    target.focus(options);
  }

  /**
   * @param {Words} words
   * @param {string} group of the words
   * @param {string} name of the pane
   * @param {string[]} titles each of which needs to fit
   */
  speak(words, group, name, titles) {
    writeAttribute(this.element, "lang", words.lang);
    writeAttribute(this.element, "dir", words.dir);
    writeAttribute(this.element, "aria-label", name);
    fillRoom(this.#titleRoom, "prompt", titles.map((key) => words.text(group, key)));
  }

  /** @param {string[]} hints each of which needs to fit */
  makeRoom(hints) {
    fillRoom(this.#hintRoom, "hint", hints);
  }

  /** @param {View} view @param {number} refusals how many there were */
  render(view, refusals) {
    const hadFocus = this.hasFocus;
    const isOver = view.picture !== undefined;
    const active = /** @type {HTMLButtonElement | null} */ (this.#root.activeElement);
    const before = active && this.#actionOf(active);
    const wasMoved = view.focus !== this.#view?.focus;
    const isAgain = refusals !== this.#refusals;
    // After the submit the customer does not type any more.
    if (view.isBusy) this.#typedAt = -Infinity;
    if (isOver && !this.#view?.picture) this.#overAt = performance.now();
    this.#view = view;
    this.#refusals = refusals;
    write(this.step, view.step);
    write(this.title, view.title);
    // The hint describes the entry, also when something else is shown in its place: Orca says each change of a description, and would
    // say a problem or a wait twice, and the time that is left at each step.
    write(this.#description, view.hint);
    write(this.hint, view.notice || view.hint);
    conceal(this.hint, Boolean(view.problem));
    write(this.#problem, view.problem);
    this.#draw(this.#primary, view.primary);
    this.#draw(this.#secondary, view.secondary);
    writeAttribute(this.element, "aria-busy", String(view.isBusy));
    this.#renderPicture(view.picture);
    for (const child of this.body.children) {
      if (child !== this.#picture) conceal(/** @type {HTMLElement} */ (child), isOver);
    }
    // The screen reader reads the element that gets the focus at the end, with its description.
    const isRead = hadFocus && isOver;
    write(this.#status, isRead ? "" : view.status);
    // A repeated refusal is said again.
    if (isAgain && view.alert) this.#alert.textContent = "";
    write(this.#alert, isRead ? "" : view.alert);
    this.#describe(isOver, view);
    // After a step back the focus must not stay on a button that would now end the session.
    const isOther = before && before !== this.#actionOf(active);
    const isLost = active?.disabled || active?.closest("[data-concealed]");
    if (hadFocus && (wasMoved || isOther || isLost || !this.hasFocus)) this.focus(bare({ preventScroll: true }));
    if (isAgain && view.problem) shake(this.body);
  }

  /** @param {HTMLButtonElement} element @param {Button | undefined} shown */
  #draw(element, shown) {
    conceal(element, !shown);
    element.disabled = !shown?.isEnabled;
    element.toggleAttribute("data-quiet", shown?.isQuiet === true);
    if (shown) write(element, shown.label);
  }

  /**
   * At the end, the element with the focus is described by the outcome; a single button is described by the advice.
   * @param {boolean} isOver
   * @param {View} view
   */
  #describe(isOver, { focus, status }) {
    const isWarned = focus === "primary" && status === "";
    this.#describeBy(this.title, isOver ? "hint message" : "");
    this.#describeBy(this.#primary, isOver ? "title message" : isWarned ? "hint" : "");
  }

  /** @param {HTMLElement} element @param {string} by the ids of the describing elements */
  #describeBy(element, by) {
    if (by) writeAttribute(element, "aria-describedby", by);
    else element.removeAttribute("aria-describedby");
  }

  /** @param {View["picture"]} picture */
  #renderPicture(picture) {
    if (this.#picture.parentNode !== this.body) this.body.append(this.#picture);
    conceal(this.#picture, !picture);
    if (!picture || this.#picture.dataset.picture === picture) return;
    this.#picture.dataset.picture = picture;
    this.#picture.replaceChildren(icon(PICTURES[picture]));
  }
}

/**
 * Lays invisible texts over each other, so that the space is as high as the highest of them.
 * @param {HTMLElement} room
 * @param {string} name the name of their part
 * @param {string[]} texts
 */
function fillRoom(room, name, texts) {
  while (room.childElementCount < texts.length) room.append(part("p", name));
  texts.forEach((text, place) => write(/** @type {HTMLElement} */ (room.children[place]), text));
}

/** Shakes the pad at a refusal, unless the customer prefers reduced motion. @param {HTMLElement} element */
function shake(element) {
  if (globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches !== false) return;
  const transform = ["none", "translateX(-0.5rem)", "translateX(0.5rem)", "translateX(-0.25rem)", "none"];
  element.animate?.(bare({ transform }), bare({ duration: 300 }));
  navigator.vibrate?.(30);
}
