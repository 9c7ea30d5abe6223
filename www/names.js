// @ts-check

/** The names of the attributes and properties of `<card-pin>`. */

/** `one-name` and `one_name` as `oneName`. @param {string} name */
export const camel = (name) => name.replace(/[-_]./g, ([, initial]) => initial.toUpperCase());

/** The attributes, and the properties that reflect them. @type {Record<string, string>} */
export const ATTRIBUTES = Object.fromEntries(
  (
    "operation control-id expires-in tzpk-url set-url view-url status-url min-length max-length confirm weak-pin keypad theme timeout-ms " +
    "key-size pin-block-formats credentials isolation hints"
  )
    .split(" ")
    .map((name) => [name, camel(name)]),
);

/**
 * Properties that reflect no attribute. The addresses of scripts are among them, since markup must not be able to name those.
 */
export const PLAIN = ["workerUrl", "wasmUrl", "scalarWasmUrl", "requestHeaders", "pinRules"];

/** All properties. */
export const PROPERTIES = [...Object.values(ATTRIBUTES), ...PLAIN, "controlIdProvider", "words"];
