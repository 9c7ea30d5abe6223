// @ts-check

/** The vault's eye: draws the PIN, spells it out when it is asked to, and wipes it when the time is over. */

import { drawDigits, wipe } from "./digits-canvas.js";

/** @import {Outward} from "./protocol.js" */
/** @import {Vault} from "card-pin-wasm" */

/** How long a PIN is shown, in milliseconds. */
const SHOWN_MS = 30_000;
/** From one digit spelt out to the next, in milliseconds: a screen reader has to come to its end. */
const SPELL_MS = 1_500;

export class Viewer {
  #emit;
  /** @type {OffscreenCanvas | HTMLCanvasElement | undefined} */
  #canvas;
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

  /** @param {OffscreenCanvas | HTMLCanvasElement} canvas @param {string} color */
  give(canvas, color) {
    this.#canvas = canvas;
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

  /** Wipes what is drawn. */
  close() {
    clearTimeout(this.#end);
    clearTimeout(this.#spelling);
    this.#vault = undefined;
    if (this.#canvas) wipe(this.#canvas);
  }

  #draw() {
    const vault = this.#vault;
    if (!vault || !this.#canvas) return;
    drawDigits(this.#canvas, this.#color, vault.shownCount, (place) => vault.shownDigit(place));
  }

  /** @param {number} place */
  #spellFrom(place) {
    if (!this.#vault) return;
    const digit = this.#vault.shownDigit(place);
    this.#emit({ spell: digit, place });
    this.#spelling = digit === undefined ? undefined : setTimeout(() => this.#spellFrom(place + 1), SPELL_MS);
  }
}
