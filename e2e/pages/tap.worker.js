import { say } from "./tap.js";
import "./card-pin.worker.js";

// For the page, where no worker can be started.
const VAULT = Symbol.for("card-pin.vault");
const makeVault = globalThis[VAULT];
globalThis[VAULT] = (tell) =>
  makeVault((message) => {
    say(message);
    tell(message);
  });
