// The pad on node-forge alone: key pair, OAEP and TDEA in JavaScript.

import forge from "node-forge";
import { startPad } from "./hand-pad.js";

// Otherwise it would use WebCrypto to make keys.
forge.options.usePureJavaScript = true;

startPad({
  // Uses its two workers, so that the page stays usable meanwhile.
  makeKeyPair: () =>
    new Promise((resolve, reject) =>
      forge.pki.rsa.generateKeyPair({ bits: 2048, e: 0x10001, workerScript: "./prime.worker.min.js" }, (error, pair) =>
        error ? reject(error) : resolve(pair),
      ),
    ),
  publicKey: ({ publicKey }) =>
    forge.util.encode64(forge.asn1.toDer(forge.pki.publicKeyToAsn1(publicKey)).getBytes()),
  unwrap({ privateKey }, tzpk) {
    const sha256 = () => forge.md.sha256.create();
    return privateKey.decrypt(forge.util.decode64(tzpk), "RSA-OAEP", { md: sha256(), mgf1: { md: sha256() } });
  },
  forge,
});
