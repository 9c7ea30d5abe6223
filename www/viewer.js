// @ts-check

/** The vault's eye: draws the PIN, spells it out when it is asked to, and wipes it when the time is over. */

import { drawDigits, wipe } from "./digits-canvas.js";

/** @import {Context} from "./digits-canvas.js" */
/** @import {Outward} from "./protocol.js" */
/** @import {Vault} from "card-pin-wasm" */

/** How long a PIN is shown, in milliseconds. */
const SHOWN_MS = 30_000;
/** From one digit spelt out to the next, in milliseconds: a screen reader has to come to its end. */
const SPELL_MS = 1_500;
/** How long a frame may take to come, in milliseconds. */
const FRAME_MS = 250;

export class Viewer {
  #emit;
  /**
   * Taken from the canvas once: Firefox refuses to give it again when the page has taken the canvas away.
   * @type {Context | undefined}
   */
  #context;
  #color = "";
  /** @type {Vault | undefined} while its PIN is shown */
  #vault;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #end;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #spelling;

  /** @param {(message: Outward) => void} emit */
  constructor(emit) {
    this.#emit = emit;
  }

  /** The first is the one that is drawn on. @param {OffscreenCanvas | HTMLCanvasElement} canvas @param {string} color */
  give(canvas, color) {
    if (this.#context) return;
    this.#context = /** @type {Context} */ (canvas.getContext("2d"));
    this.#color = color;
    this.#draw();
  }

  /** @param {Vault} vault whose PIN is to be shown */
  show(vault) {
    this.#vault = vault;
    this.#draw();
    this.#end = setTimeout(() => {
      this.close();
      vault.close();
      this.#emit({ hidden: true });
    }, SHOWN_MS);
  }

  /** Tells one digit after the other, once. */
  spell() {
    if (this.#spelling === undefined) this.#spellFrom(0);
  }

  /** Wipes what is drawn. @returns {Promise<void>} fulfilled when that is on the screen */
  async close() {
    clearTimeout(this.#end);
    clearTimeout(this.#spelling);
    this.#vault = undefined;
    if (!this.#context) return;
    wipe(this.#context);
    // A worker that ends before its next frame would leave the last one, and the PIN, on the screen. Frames stop where
    // nobody looks.
    await new Promise((resolve) => {
      globalThis.requestAnimationFrame?.(() => setTimeout(resolve));
      setTimeout(resolve, FRAME_MS);
    });
  }

  #draw() {
    const vault = this.#vault;
    if (!vault || !this.#context) return;
    drawDigits(this.#context, this.#color, vault.shownCount, (place) => vault.shownDigit(place));
  }

  /** @param {number} place */
  #spellFrom(place) {
    if (!this.#vault) return;
    const digit = this.#vault.shownDigit(place);
    this.#emit({ spell: digit, place });
    this.#spelling = digit === undefined ? undefined : setTimeout(() => this.#spellFrom(place + 1), SPELL_MS);
  }
}
