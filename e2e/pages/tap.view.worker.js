import { say } from "./tap.js";
import * as vault from "./card-pin.view.worker.js";

// For the page, where no worker can be started.
export const makeVault = (emit) =>
  vault.makeVault((message) => {
    say(message);
    emit(message);
  });
