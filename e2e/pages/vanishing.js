// Gets every message before the vault.
let presses = 0;
addEventListener("message", (event) => {
  const digit = event.data?.press;
  if (digit === undefined) return;
  presses += 1;
  if (presses !== 3 || digit !== 0) return;
  event.stopImmediatePropagation();
  close();
});
