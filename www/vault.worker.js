// @ts-check

/** `card-pin.worker.js`, in which a PIN is set. It has no code that could show one. */

import { serve } from "./serve.js";
import { makeVault } from "./vault.js";

export { makeVault };

serve(makeVault);
