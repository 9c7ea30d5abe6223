// @ts-check

/** `card-pin.view.worker.js`, in which a PIN is viewed. */

import { serve } from "./serve.js";
import { makeVault } from "./viewing-vault.js";

export { makeVault };

serve(makeVault);
