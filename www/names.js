// @ts-check

/** The names of the attributes and properties of `<card-pin>`. */

/** @type {Readonly<Record<string, string>>} */
export const ATTRIBUTES = Object.freeze({
  operation: "operation",
  "control-id": "controlId",
  "tzpk-url": "tzpkUrl",
  "set-url": "setUrl",
  "view-url": "viewUrl",
  "status-url": "statusUrl",
  "min-length": "minLength",
  "max-length": "maxLength",
  confirm: "confirm",
  "weak-pin": "weakPin",
  keypad: "keypad",
  theme: "theme",
  "timeout-ms": "timeoutMs",
  "key-size": "keySize",
  "pin-block-formats": "pinBlockFormats",
  credentials: "credentials",
  isolation: "isolation",
  hints: "hints",
});

/**
 * Properties that reflect no attribute. The addresses of scripts are among them, since markup must not be able to name those.
 */
export const PLAIN = ["workerUrl", "wasmUrl", "scalarWasmUrl", "requestHeaders", "pinRules"];

/** All properties. */
export const PROPERTIES = [...Object.values(ATTRIBUTES), ...PLAIN, "controlIdProvider", "words"];
