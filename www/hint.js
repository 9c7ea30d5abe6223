// @ts-check

/** Writes hints for the developer of the page to the console. Their texts are in a file that is loaded when one is needed. */

/**
 * @param {boolean} isWanted
 * @param {string} mistake
 * @param {unknown} subject the object in which `hints.js` looks for the cause; a hint contains no secret of it
 */
export function hint(isWanted, mistake, subject) {
  if (!isWanted) return;
  import("./hints.js")
    .then(({ warn }) => warn(mistake, subject))
    .catch(() => console.warn(`<card-pin>: ${mistake}; hints.js did not load`));
}
