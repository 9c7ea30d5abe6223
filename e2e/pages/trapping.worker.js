import { note } from "./trap.js";
import * as vault from "./card-pin.worker.js";

// The vault's own listener was there first; one that captures is called first all the same.
if ("DedicatedWorkerGlobalScope" in globalThis) addEventListener("message", ({ data }) => note(data), { capture: true });

// For the page, where no worker can be started.
export const makeVault = (tell) => {
  const receive = vault.makeVault(tell);
  return (message) => {
    note(message);
    receive(message);
  };
};
