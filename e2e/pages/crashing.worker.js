// A vault that breaks: on the submit, or where the third digit is a zero.
import "./card-pin.worker.js";

let presses = 0;
addEventListener("message", ({ data }) => {
  if (data.do === "press") presses += 1;
  const breaks = data.do === "submit" || data.do === "advance" || (presses === 3 && data.digit === 0);
  if (breaks) setTimeout(() => { throw new Error("the vault breaks"); });
});
