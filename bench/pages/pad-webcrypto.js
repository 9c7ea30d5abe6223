// The pad on WebCrypto, which has no TDEA: that is node-forge's, of which no other part is loaded.

import forge from "node-forge/lib/forge";
import "node-forge/lib/des";
import { bits } from "./customer.js";
import { startPad } from "./hand-pad.js";

const OAEP = { name: "RSA-OAEP", hash: "SHA-256" };
const toText = (bytes) => String.fromCharCode(...new Uint8Array(bytes));

startPad({
  makeKeyPair: () =>
    crypto.subtle.generateKey(
      { ...OAEP, modulusLength: bits, publicExponent: new Uint8Array([1, 0, 1]) },
      false,
      ["decrypt"],
    ),
  publicKey: async ({ publicKey }) => btoa(toText(await crypto.subtle.exportKey("spki", publicKey))),
  async unwrap({ privateKey }, tzpk) {
    const wrapped = Uint8Array.from(atob(tzpk), (sign) => sign.charCodeAt(0));
    return toText(await crypto.subtle.decrypt(OAEP, privateKey, wrapped));
  },
  forge,
});
