// @ts-check

/** Describes what the pad shows and says while a PIN is viewed: a pure function of the session's state and the language. */

import { BLANK, button, describeEnd, describeTimeLeft, errorKey, sentences } from "./describe-pad.js";
import { SHOWN_SECONDS } from "./session-state.js";

/** @import {PadState, View} from "./describe-pad.js" */
/** @import {Words} from "./words.js" */

/** How many seconds before a PIN is hidden the customer is told. */
const LAST_SECONDS = 10;

/** @typedef {View & {isShown: boolean}} ViewView */

/** @param {PadState} state @param {Words} words @returns {ViewView} */
export function describeView(state, words) {
  const { phase } = state;
  return { ...describePhase(state, words), isBusy: phase === "submitting", isShown: phase === "shown" };
}

/** @param {PadState} state @param {Words} words @returns {Omit<View, "isBusy">} */
function describePhase(state, words) {
  const { phase, problem = "closed", waitsSeconds, isSlow, secondsLeft, canRestart } = state;
  /** @param {string} key @param {Record<string, number>} [values] */
  const text = (key, values) => words.text("view", key, values);
  const cancel = button(words.text("pad", "cancel"), "cancel");
  const leave = button(words.text("pad", "leave"), "cancel");
  switch (phase) {
    case "open":
    case "arrived": {
      const [title, hint] = [text(phase), text("openHint")];
      const status = phase === "arrived" ? sentences(title, hint) : "";
      const [notice, alert] = describeTimeLeft(state, words);
      const primary = button(text("show"), "advance");
      return { ...BLANK, title, hint, notice, status, alert, primary, secondary: cancel, focus: "primary" };
    }
    case "submitting": {
      const notice = waitsSeconds !== null ? words.text("pad", "busy") : isSlow ? words.text("pad", "still") : "";
      const title = text("submitting");
      return { ...BLANK, title, notice, status: notice || title, primary: button(text("show"), "advance", false), focus: "title" };
    }
    case "shown": {
      const title = text("shown");
      const hidesIn = (/** @type {number} */ count) => text("hides", { count });
      const hint = hidesIn(secondsLeft);
      // It is said twice only: a count that is said each second would cover everything else.
      const status = sentences(title, hidesIn(SHOWN_SECONDS));
      const alert = secondsLeft <= LAST_SECONDS ? hidesIn(LAST_SECONDS) : "";
      return { ...BLANK, title, hint, status, alert, secondary: button(text("spell"), "spell"), focus: "title" };
    }
    case "hidden": {
      const title = text("hidden");
      const again = button(text("showAgain"), "restart");
      return {
        ...BLANK,
        title,
        status: title,
        primary: canRestart ? again : leave,
        secondary: canRestart ? leave : undefined,
        focus: "primary",
      };
    }
    case "failed": {
      const key = errorKey(problem);
      return describeEnd(words, text("failed"), words.text("viewErrors", key) || words.text("errors", key), canRestart);
    }
    case "unusable":
      return describeEnd(words, words.text("pad", "unusable"), words.text("pad", "contact"), false);
    default: {
      const title = words.text("pad", "preparing");
      const notice = isSlow ? words.text("pad", "still") : "";
      return { ...BLANK, title, notice, status: notice || title, secondary: cancel, focus: "title" };
    }
  }
}
