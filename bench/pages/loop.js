/** How many milliseconds a fixed number of additions takes, as a measure of the thread's speed. */
export function loop() {
  const start = performance.now();
  let sum = 0;
  for (let turn = 0; turn < 3e7; turn++) sum = (sum * 31 + turn) | 0;
  return performance.now() - start + (sum & 0);
}
