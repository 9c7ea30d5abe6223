/** Gives the same numbers for the same seed (xorshift32), because Node has no generator with a seed. @param {number} seed */
export function dice(seed) {
  let state = seed * 2_654_435_761;
  return (sides) => {
    for (const shift of [13, -17, 5]) state ^= shift > 0 ? state << shift : state >>> -shift;
    return (state >>> 0) % sides;
  };
}
