// @ts-check

/**
 * Detects presses of buttons: by fingers that may overlap, by a mouse, by a keyboard, and by assistive technology. Each press
 * counts once, in the order in which the fingers came down. A finger that slides off its button does not count.
 */

/** The presses in one pad. */
export class Presses {
  /** The pointers that are down, in order. @type {{id: number, button: HTMLElement, x: number, y: number}[]} */
  #down = [];
  /** The button whose press was counted, and whose click may still come. @type {HTMLElement | undefined} */
  #counted;
  #act;

  /**
   * @param {HTMLElement} root around the buttons
   * @param {(button: HTMLElement) => void} act
   */
  constructor(root, act) {
    this.#act = act;
    /** @type {[string, (event: any) => void][]} */
    const listeners = [
      ["pointerdown", this.#onDown],
      ["pointermove", this.#onMove],
      ["pointerup", this.#onUp],
      ["pointercancel", this.#onCancel],
      ["click", this.#onClick],
    ];
    // An event that a script made up does not count.
    for (const [type, listener] of listeners) root.addEventListener(type, (event) => event.isTrusted && listener(event));
  }

  /** @param {PointerEvent} event */
  #onDown = (event) => {
    this.#counted = undefined;
    const button = buttonOf(event);
    if (!button || event.button !== 0) return;
    // A mouse that was let go of outside: that press does not count.
    this.#down = this.#down.filter(({ id }) => id !== event.pointerId);
    // A second finger that comes down ends the first finger's press, like on every screen keyboard: so no press is lost, and the
    // order is that of the fingers.
    this.#countAll();
    this.#down.push({ id: event.pointerId, button, x: event.clientX, y: event.clientY });
  };

  /** @param {PointerEvent} event */
  #onMove = ({ pointerId, clientX, clientY }) => {
    const press = this.#down.find(({ id }) => id === pointerId);
    if (press) [press.x, press.y] = [clientX, clientY];
  };

  /** @param {PointerEvent} event */
  #onUp = (event) => {
    if (!this.#down.some(({ id }) => id === event.pointerId)) return;
    this.#onMove(event);
    this.#countAll();
  };

  /** @param {PointerEvent} event */
  #onCancel = ({ pointerId }) => {
    this.#down = this.#down.filter(({ id }) => id !== pointerId);
  };

  /** A press by a keyboard or a screen reader is only a click. @param {MouseEvent} event */
  #onClick = (event) => {
    const button = buttonOf(event);
    const isCounted = button === this.#counted && event.detail !== 0;
    this.#counted = undefined;
    if (button && !isCounted) this.#press(button);
  };

  #countAll() {
    for (const { button, x, y } of this.#down.splice(0)) {
      const { left, right, top, bottom } = button.getBoundingClientRect();
      if (x < left || x > right || y < top || y > bottom) continue;
      this.#counted = button;
      this.#press(button);
    }
  }

  /** @param {HTMLElement} button */
  #press(button) {
    if (!(/** @type {HTMLButtonElement} */ (button).disabled)) this.#act(button);
  }
}

/** @param {Event} event @returns {HTMLElement | null} */
function buttonOf({ target }) {
  const element = /** @type {Element} */ (target);
  return element.closest("button");
}
