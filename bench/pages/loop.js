/** How many milliseconds the same sums take: what tells how slow a thread is. */
export function loop() {
  const start = performance.now();
  let sum = 0;
  for (let turn = 0; turn < 3e7; turn++) sum = (sum * 31 + turn) | 0;
  return performance.now() - start + (sum & 0);
}
