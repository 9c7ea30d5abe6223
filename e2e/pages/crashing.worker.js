// A vault that breaks at the submit, or if the third digit is a zero.
import "./card-pin.worker.js";

let presses = 0;
addEventListener("message", ({ data }) => {
  const digit = data?.press;
  if (digit !== undefined) presses += 1;
  const breaks = data === "submit" || data === "advance" || (presses === 3 && digit === 0);
  if (breaks) setTimeout(() => { throw new Error("the vault breaks"); });
});
