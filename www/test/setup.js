/**
 * For the tests in this folder: stand-ins for what the bundler puts in, the vault and the style.
 * Loaded before everything else: `node --import ./www/test/setup.js --test www/test/*.test.js`.
 */

import { register } from "node:module";

// The tests of the mock use its vault, and all other tests use one that does what the test says.
const vault = process.argv[1]?.endsWith("mock.test.js") ? "../mock-vault.js" : "./fake-vault.js";
const fakes = {
  "card-pin-vault": new URL(vault, import.meta.url).href,
  "card-pin-style": "data:text/javascript,export default ''",
  "card-pin-sums": "data:text/javascript,export default (globalThis.cardPinSums = {})",
};
const hooks = `
  const fakes = ${JSON.stringify(fakes)};
  export const resolve = (name, context, next) =>
    name in fakes ? { url: fakes[name], shortCircuit: true } : next(name, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

// The build writes these before the scripts.
globalThis.importAsIs = (url) => import(url);
globalThis.CARD_PIN_VERSION = "0.0.0+test";

// The deadline of a session that a test has not ended must not keep its file running.
const { setTimeout: queue } = globalThis;
globalThis.setTimeout = (callback, delay, ...given) => {
  const timer = queue(callback, delay, ...given);
  return delay >= 1000 ? timer.unref() : timer;
};
