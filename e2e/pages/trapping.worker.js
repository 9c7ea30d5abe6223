import { note } from "./trap.js";
import * as vault from "./card-pin.worker.js";

// For the page, where no worker can be started.
export const makeVault = (tell) => {
  const receive = vault.makeVault(tell);
  return (message) => {
    note(message);
    receive(message);
  };
};
