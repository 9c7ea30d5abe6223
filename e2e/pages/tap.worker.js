import { say } from "./tap.js";
import * as vault from "./card-pin.worker.js";

// For the page, where no worker can be started.
export const makeVault = (tell) =>
  vault.makeVault((message) => {
    say(message);
    tell(message);
  });
