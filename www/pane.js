// @ts-check

/**
 * What both panes have, for setting and for viewing a PIN: words, buttons, what a screen reader says, and where the focus is.
 * It draws a description, and only what differs from the one before: what is written twice is said twice.
 */

import css from "card-pin-style";
import { icon } from "./keypad.js";
import { bare, makeElement } from "./platform.js";

/** @import {Action, Button, View} from "./describe-pad.js" */
/** @import {Words} from "./words.js" */

const PICTURES = { good: "M4.5 12.5l5 5 10-11", bad: "M12 4.5v9.5m0 4.5v1" };

/** How soon the second of two presses comes, in milliseconds. */
const DOUBLE_PRESS_MS = 500;
/** What nobody means who presses a button twice that did something else before. @type {Action[]} */
const UNASKED = ["cancel", "suggest"];
/** For how long after a digit somebody may still be typing, in milliseconds. */
const TYPING_MS = 1000;

/** Events that say what is pressed or typed: none of them leaves the pad. */
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

/** Writes a text where it differs. @param {HTMLElement} element @param {string} text */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {HTMLElement} element @param {string} name @param {string} value */
export function writeAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Hides what keeps its place. @param {HTMLElement} element @param {boolean} isHidden */
export function conceal(element, isHidden) {
  element.toggleAttribute("data-concealed", isHidden);
}

export class Pane {
  element = part("div", "pad");
  /** Between the words and the buttons. */
  body = part("div", "body");
  title = part("p", "prompt");
  step = part("p", "step");
  hint = part("p", "hint");
  #problem = part("p", "message");
  #titleRoom = part("div", "room");
  #hintRoom = part("div", "room");
  #picture = part("div", "picture");
  #primary = /** @type {HTMLButtonElement} */ (part("button", "submit"));
  #secondary = /** @type {HTMLButtonElement} */ (part("button", "secondary"));
  #status = part("p", "status");
  #alert = part("p", "alert");
  #root;
  /** @type {HTMLElement | undefined} what takes the digits */
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
    this.hint.id = "hint";
    this.#problem.id = "message";
    this.#primary.type = this.#secondary.type = "button";
    this.#primary.dataset.key = "submit";
    this.#secondary.dataset.key = "secondary";
    this.#status.setAttribute("role", "status");
    // Not the role `alert`: Firefox does not say of it that it is live, and Orca then misses the second of two alerts.
    this.#alert.setAttribute("role", "status");
    this.#alert.setAttribute("aria-live", "assertive");
    // What is drawn of a problem is said by the alert, with what belongs to it.
    this.#problem.setAttribute("aria-hidden", "true");
    for (const room of [this.#titleRoom, this.#hintRoom]) {
      room.setAttribute("aria-hidden", "true");
      conceal(room, true);
    }
    titles.append(this.title, this.#titleRoom);
    hints.append(this.hint, this.#problem, this.#hintRoom);
    head.append(this.step, titles, hints);
    foot.append(this.#primary, this.#secondary);
    this.element.append(head, this.body, foot, this.#status, this.#alert);
    for (const type of PRIVATE) this.element.addEventListener(type, (event) => event.stopPropagation());
    root.replaceChildren(this.element);
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      root.adoptedStyleSheets = [sheet];
    } catch {
      // Safari has no such sheets before 16.4, nor have the documents that unit tests run on.
      const style = makeElement("style");
      style.textContent = css;
      root.append(style);
    }
  }

  /**
   * What a button of this pane does, if it is one of the two at its foot.
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

  /** Whether a session ended while the customer was typing, whose next press may have been meant for the PIN. @param {number} at */
  #isStillTyping(at) {
    return this.#typedAt > this.#overAt - TYPING_MS && at - Math.max(this.#typedAt, this.#overAt) < DOUBLE_PRESS_MS;
  }

  /**
   * What to do about a press of a button. Who presses twice, out of habit, wants what the button said the first time.
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
    // Nor does the third of three presses mean it.
    this.#pressed = { button, action: isMeant ? action : before.action, at };
    return isMeant ? action : undefined;
  }

  /** Whether the focus is in here. */
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
   * @param {string[]} titles each of which is to have room
   */
  speak(words, group, name, titles) {
    writeAttribute(this.element, "lang", words.lang);
    writeAttribute(this.element, "dir", words.dir);
    writeAttribute(this.element, "aria-label", name);
    fillRoom(this.#titleRoom, "prompt", titles.map((key) => words.text(group, key)));
  }

  /** @param {string[]} hints each of which is to have room */
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
    // It is the entry's description, and stays where a problem takes its place: Orca says each change of a description, and the
    // problem would be said twice.
    write(this.hint, view.hint);
    conceal(this.hint, Boolean(view.problem));
    write(this.#problem, view.problem);
    this.#draw(this.#primary, view.primary);
    this.#draw(this.#secondary, view.secondary);
    writeAttribute(this.element, "aria-busy", String(view.isBusy));
    this.#renderPicture(view.picture);
    for (const child of this.body.children) {
      if (child !== this.#picture) conceal(/** @type {HTMLElement} */ (child), isOver);
    }
    // What gets the focus at the end is read by the reader itself, with its description.
    const isRead = hadFocus && isOver;
    write(this.#status, isRead ? "" : view.status);
    // The same refusal once more is said once more.
    if (isAgain && view.alert) this.#alert.textContent = "";
    write(this.#alert, isRead ? "" : view.alert);
    this.#describe(isOver, view);
    // Who goes back is not left on a button that would now end it all.
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
   * At an end, what has the focus is described by what happened; a button that is all there is to press, by what to mind.
   * @param {boolean} isOver
   * @param {View} view
   */
  #describe(isOver, { focus, status }) {
    const isWarned = focus === "primary" && status === "";
    this.#describeBy(this.title, isOver ? "hint message" : "");
    this.#describeBy(this.#primary, isOver ? "title message" : isWarned ? "hint" : "");
  }

  /** @param {HTMLElement} element @param {string} by the ids of what describes it */
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
 * Lays texts that nobody sees over each other, so that the room is as high as the highest of them.
 * @param {HTMLElement} room
 * @param {string} name of the part that they would be
 * @param {string[]} texts
 */
function fillRoom(room, name, texts) {
  while (room.childElementCount < texts.length) room.append(part("p", name));
  texts.forEach((text, place) => write(/** @type {HTMLElement} */ (room.children[place]), text));
}

/** A refusal is felt, unless the person wants nothing to move. @param {HTMLElement} element */
function shake(element) {
  if (globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches !== false) return;
  const transform = ["none", "translateX(-0.5rem)", "translateX(0.5rem)", "translateX(-0.25rem)", "none"];
  element.animate?.(bare({ transform }), bare({ duration: 300 }));
  navigator.vibrate?.(30);
}
