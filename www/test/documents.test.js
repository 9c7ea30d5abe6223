/** The mock, used as on a page, in the documents in which unit tests run. No part of a browser is added to them. */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const tools = createRequire(new URL("../../target/npm/", import.meta.url));
const { outputFiles } = tools("esbuild").buildSync({
  entryPoints: [fileURLToPath(new URL("../mock.js", import.meta.url))],
  alias: Object.fromEntries(
    [["vault", "../mock-vault.js"], ["style", "../card-pin.css"]].map(([name, file]) => [`card-pin-${name}`, fileURLToPath(new URL(file, import.meta.url))]),
  ),
  loader: { ".css": "text" },
  bundle: true,
  define: { CARD_PIN_VERSION: '"0.0.0+test"' },
  format: "iife",
  globalName: "cardPinMock",
  write: false,
});
const [{ text: bundle }] = outputFiles;

/** Sets a PIN, like an app's own test. It is a script of the document, and returns a promise of the events. */
const SCRIPT = `(async () => {
  const { CardPin, mock } = cardPinMock;
  const pad = document.createElement("card-pin");
  const told = [];
  for (const name of ["ready", "pin_valid", "submitting", "set_pin_success", "set_pin_error"]) {
    pad.addEventListener(name, ({ detail }) => told.push(detail.event));
  }
  Object.assign(pad, { tzpkUrl: "/tzpk", setUrl: "/set", controlIdProvider: async () => "token" });
  const ready = new Promise((resolve) => pad.addEventListener("ready", resolve));
  document.body.append(pad);
  await ready;
  mock.enter("48264827");
  await pad.setPin().catch(({ code }) => told.push(code));
  mock.enter("48264826");
  mock.outcome = "network";
  await pad.setPin().catch(({ code }) => told.push(code));
  return [pad instanceof CardPin, pad.hasAttribute("data-mock"), ...told].join(" ");
})()`;
const EXPECTED = `true true ready${" pin_valid".repeat(9)} mismatch${" pin_valid".repeat(8)} submitting set_pin_error network`;

const DOCUMENTS = {
  jsdom() {
    const { JSDOM, VirtualConsole } = tools("jsdom");
    const said = [];
    const virtualConsole = new VirtualConsole();
    for (const kind of ["warn", "error", "jsdomError"]) virtualConsole.on(kind, (what) => said.push(String(what.message ?? what)));
    const { window } = new JSDOM("<!doctype html><body></body>", { url: "https://issuer.example/", runScripts: "outside-only", virtualConsole });
    return { run: (script) => window.eval(script), said, close: () => window.close() };
  },
  async "happy-dom"() {
    const { Window } = await import(tools.resolve("happy-dom"));
    const window = new Window({ url: "https://issuer.example/", settings: { enableJavaScriptEvaluation: true, suppressInsecureJavaScriptEnvironmentWarning: true } });
    const said = [];
    window.console.warn = (text) => said.push(String(text));
    window.console.error = (text) => said.push(String(text));
    return { run: (script) => window.eval(script), said, close: () => window.happyDOM.close() };
  },
};

for (const [name, make] of Object.entries(DOCUMENTS)) {
  test(`an app's own test runs on ${name}`, async () => {
    const { run, said, close } = await make();
    run(`${bundle};globalThis.cardPinMock = cardPinMock;`);
    assert.equal(await run(SCRIPT), EXPECTED);
    assert.deepEqual(said, ["card-pin/mock: a stand-in for tests and design. It sets no PIN."]);
    await close();
  });
}
