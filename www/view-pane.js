// @ts-check

/**
 * The pane in which the customer views a PIN. The vault draws its digits on a canvas. Most pages are only for setting PINs, so
 * the texts are loaded with the first pane.
 */

import { BLANK, describeEnd } from "./describe-pad.js";
import { Pane } from "./pane.js";
import { SHOWN_SECONDS } from "./session-state.js";
import { Stage } from "./stage.js";

/** @import {PadState} from "./describe-pad.js" */
/** @import {ViewView} from "./describe-view.js" */
/** @import {Words} from "./words.js" */

/** @typedef {(state: PadState, words: Words) => ViewView} Describe */

/** How long the pane waits for its texts, in milliseconds. */
const LOADING_MS = 3000;

/** The description before the texts are loaded. @type {Describe} */
const describeNothing = (_, words) => ({ ...BLANK, title: words.text("pad", "preparing"), focus: "title", isBusy: true, isShown: false });

/** The description if the texts cannot be loaded. @type {Describe} */
const describeUnusable = (_, words) => ({
  ...describeEnd(words, words.text("pad", "unusable"), words.text("pad", "contact"), false),
  isBusy: false,
  isShown: false,
});

export class ViewPane {
  stage = new Stage();
  /** @type {Pane} */
  pane;
  #describe = describeNothing;

  /**
   * @param {ShadowRoot} root
   * @param {() => void} onChange called when there are more texts
   * @param {() => Promise<{describeView: Describe}>} [load] loads the texts
   */
  constructor(root, onChange, load = () => import("./describe-view.js")) {
    this.pane = new Pane(root);
    this.pane.body.append(this.stage.element, this.stage.spoken);
    /** @param {Describe} describe */
    const use = (describe) => {
      this.#describe = describe;
      onChange();
    };
    const late = setTimeout(use, LOADING_MS, describeUnusable);
    load()
      .then(({ describeView }) => describeView, () => describeUnusable)
      .finally(() => clearTimeout(late))
      .then(use);
  }

  /** Does nothing: this pane has no keys. */
  layKeys() {}

  /** @param {PadState} state @param {Words} words */
  render(state, words) {
    const view = this.#describe(state, words);
    this.pane.speak(words, "view", words.text("view", "name"), ["open", "submitting", "shown", "hidden"]);
    this.pane.makeRoom([words.text("view", "openHint"), words.text("view", "hides", { count: SHOWN_SECONDS })]);
    if (state.phase === "hidden") this.stage.clear();
    this.stage.render(words, view.isShown);
    this.pane.render(view, state.refusals);
  }
}
