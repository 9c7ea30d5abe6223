import { note } from "./trap.js";
import "./card-pin.worker.js";

// For the page, where no worker can be started.
const VAULT = Symbol.for("card-pin.vault");
const makeVault = globalThis[VAULT];
globalThis[VAULT] = (tell, breakOff) => {
  const receive = makeVault(tell, breakOff);
  return (message) => {
    note(message);
    receive(message);
  };
};
