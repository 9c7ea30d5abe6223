// @ts-check

/** A vault that can show a PIN. */

import { makeVault as make } from "./vault.js";
import { Viewer } from "./viewer.js";

/** @import {Outward} from "./protocol.js" */

/**
 * @param {(message: Outward) => void} emit
 * @returns {(data: unknown) => void} see `vault.js`
 */
export const makeVault = (emit) => make(emit, new Viewer(emit));
