// @ts-check

/** Words to whoever made the page, in the console. What there is to say is in a file that is loaded when there is. */

/**
 * @param {boolean} isWanted
 * @param {string} mistake
 * @param {unknown} subject what `hints.js` looks at to find the cause: no secret of it is told
 */
export function hint(isWanted, mistake, subject) {
  if (!isWanted) return;
  import("./hints.js")
    .then(({ warn }) => warn(mistake, subject))
    .catch(() => console.warn(`<card-pin>: ${mistake}; hints.js did not load`));
}
