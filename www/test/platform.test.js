import "./page.js";
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { absolute, bare, isHidden, isLookedAt, isSecure, listen, makeElement, makeSvg, scriptUrl, stopListening } from "../platform.js";

const { Document, document, location } = globalThis;
const element = document.createElement("form");

/** Replaces a member of the document, as an element of that name does in a browser. */
const clobber = (name, value) => Object.defineProperty(document, name, { value, configurable: true });

/** Loads another copy of the module, on a page of another engine. */
let copies = 0;
const load = () => import(`../platform.js?copy=${(copies += 1)}`);
const engine = (members) => {
  class Other {}
  Object.defineProperties(Other.prototype, Object.getOwnPropertyDescriptors(members));
  return Other;
};

afterEach(() => {
  for (const name of ["hidden", "hasFocus", "addEventListener", "removeEventListener", "createElement", "createElementNS"]) delete document[name];
  for (const name of Object.keys(Object.prototype)) delete Object.prototype[name];
  delete globalThis.trustedTypes;
  delete globalThis.isSecureContext;
  Object.assign(globalThis, { Document, document, location });
  // In jsdom a document keeps the focus of an element that is removed.
  document.activeElement.blur();
  document.head.replaceChildren();
  document.body.replaceChildren();
});

const focusThePage = () => document.body.appendChild(document.createElement("button")).focus();

test("a page is hidden when the document says so", () => {
  assert.equal(isHidden(document), false);
  clobber("hidden", true);
  assert.equal(isHidden(document), true);
});

test("an element named hidden hides nothing", async () => {
  clobber("hidden", element);
  assert.equal(isHidden(document), false);
  globalThis.Document = engine({
    get hidden() {
      return true;
    },
  });
  const { isHidden: isHiddenThere } = await load();
  assert.equal(isHiddenThere(document), true, "what the engine says counts");
});

test("somebody looks at a page that is visible and has the focus", () => {
  assert.equal(isLookedAt(document), false, "nothing has the focus");
  focusThePage();
  assert.equal(isLookedAt(document), true);
  clobber("hidden", true);
  assert.equal(isLookedAt(document), false);
});

test("an element named hasFocus is not asked", () => {
  clobber("hasFocus", element);
  assert.equal(isLookedAt(document), false);
  focusThePage();
  assert.equal(isLookedAt(document), true);
});

test("the page counts as not looked at if the document and its replacement disagree", () => {
  clobber("hasFocus", () => true);
  assert.equal(isLookedAt(document), false);
  focusThePage();
  assert.equal(isLookedAt(document), true);
  clobber("hasFocus", () => false);
  assert.equal(isLookedAt(document), false);
});

test("an engine that does not know the focus is believed to have it", async () => {
  globalThis.Document = engine({ hidden: undefined });
  clobber("hasFocus", undefined);
  const { isLookedAt: isLookedAtThere } = await load();
  assert.equal(isLookedAtThere(document), true);
});

test("the document's members are found without the global Document", async () => {
  delete globalThis.Document;
  focusThePage();
  const other = await load();
  clobber("hasFocus", element);
  assert.equal(other.isLookedAt(document), true);
  assert.equal(other.makeElement("p").localName, "p");
});

test("a server has no document, and the module loads all the same", async () => {
  delete globalThis.Document;
  delete globalThis.document;
  const { bare: bareThere } = await load();
  assert.deepEqual({ ...bareThere({ a: 1 }) }, { a: 1 });
});

test("a test runner's window, which is not an EventTarget, is listened to", () => {
  const { window } = globalThis;
  const told = [];
  globalThis.window = {
    addEventListener: (...listened) => told.push(["on", ...listened]),
    removeEventListener: (...listened) => told.push(["off", ...listened]),
  };
  listen(globalThis.window, "pagehide", load);
  stopListening(globalThis.window, "pagehide", load);
  globalThis.window = window;
  assert.deepEqual(told, [["on", "pagehide", load], ["off", "pagehide", load]]);
});

test("elements named after the document's methods change nothing", () => {
  for (const name of ["createElement", "createElementNS", "addEventListener", "removeEventListener"]) clobber(name, element);
  assert.ok(makeElement("div") instanceof HTMLElement);
  assert.equal(makeSvg("path").namespaceURI, "http://www.w3.org/2000/svg");
  assert.equal(makeSvg("path").localName, "path");
  let heard = 0;
  const listener = () => (heard += 1);
  listen(document, "visibilitychange", listener);
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(heard, 1);
  stopListening(document, "visibilitychange", listener);
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(heard, 1);
});

test("an address is relative to the document and its base", () => {
  assert.equal(absolute("set"), "https://issuer.example/set");
  assert.equal(absolute("https://other.example/set"), "https://other.example/set");
  const base = document.createElement("base");
  base.href = "https://base.example/app/";
  document.head.append(base);
  assert.equal(absolute("set"), "https://base.example/app/set");
});

test("a bare object has its own fields and no others", () => {
  Object.assign(Object.prototype, { credentials: "include" });
  const fields = bare({ own: 1 });
  assert.equal(Object.getPrototypeOf(fields), null);
  assert.deepEqual(Object.keys(fields), ["own"]);
  assert.equal(fields.own, 1);
  assert.equal(fields.credentials, undefined);
  assert.equal(fields.toString, undefined);
});

test("a bare object is a copy", () => {
  const fields = { own: 1 };
  const copy = bare(fields);
  fields.own = 2;
  assert.equal(copy.own, 1);
});

test("without Trusted Types an address stays as it is", () => {
  assert.equal(scriptUrl("/worker.js"), "/worker.js");
  globalThis.trustedTypes = element;
  assert.equal(scriptUrl("/worker.js"), "/worker.js", "an element stands in their place");
});

test("without the policy's permission, an address stays as it is", () => {
  globalThis.trustedTypes = {
    createPolicy() {
      throw new TypeError("not allowed");
    },
  };
  assert.equal(scriptUrl("/worker.js"), "/worker.js");
});

/** This is the last test about Trusted Types, because its policy stays on the page. */
test("all copies of the script share one Trusted Types policy", async () => {
  const made = [];
  globalThis.trustedTypes = {
    createPolicy(name, rules) {
      Object.prototype.createHTML = () => "";
      made.push({ name, createHTML: rules.createHTML });
      delete Object.prototype.createHTML;
      return { createScriptURL: (url) => ({ trusted: rules.createScriptURL(url) }) };
    },
  };
  assert.deepEqual(scriptUrl("/worker.js"), { trusted: "/worker.js" });
  assert.deepEqual(scriptUrl("/other.js"), { trusted: "/other.js" });
  const { scriptUrl: scriptUrlThere } = await load();
  assert.deepEqual(scriptUrlThere("/third.js"), { trusted: "/third.js" });
  assert.deepEqual(made, [{ name: "card-pin", createHTML: undefined }]);
  assert.throws(() => (globalThis[Symbol.for("card-pin.trusted-types-policy")] = undefined), TypeError, "nothing can replace it");
});

test("only what came over the network, and not safely, is insecure", () => {
  const framed = [["about:srcdoc", true], ["blob:", true], ["data:", true], ["about:blank", false], ["file:", true]];
  const table = [
    ["https://issuer.example", undefined, true, true],
    ["https://issuer.example", undefined, false, false],
    ["http://issuer.example", undefined, true, true],
    ["http://issuer.example:8080", undefined, false, false],
    ["http://issuer.example", undefined, undefined, true],
    ["http://localhost", undefined, false, true],
    ["http://app.localhost:3000", undefined, false, true],
    ["http://127.0.0.1:8080", undefined, false, true],
    ["http://127.8.9.10", undefined, false, true],
    ["http://[::1]", undefined, false, true],
    ["http://[::1]:8080", undefined, false, true],
    ["http://notlocalhost", undefined, false, false],
    ["http://localhost.issuer.example", undefined, false, false],
    ["http://127.0.0.1.issuer.example", undefined, false, false],
    ["http://1127.0.0.1", undefined, false, false],
    ["http://[::11]", undefined, false, false],
    ["null", "file:", false, true],
    ["null", "about:", false, true],
    ["capacitor://issuer.example", "capacitor:", false, true],
    // A frame has the origin of the page that made it.
    ["http://issuer.example", "about:", false, false],
    ["http://issuer.example", "blob:", false, false],
    ["http://localhost:3000", "about:", false, true],
  ];
  for (const [origin, protocol = origin.replace(/\/.*/, ""), isSecureContext, expected] of table) {
    Object.assign(globalThis, { origin, location: { protocol, origin }, isSecureContext });
    assert.equal(isSecure(), expected, `${protocol} of ${origin} where isSecureContext is ${isSecureContext}`);
  }
  Object.assign(globalThis, { origin: undefined, location: undefined, isSecureContext: false });
  assert.equal(isSecure(), true, "without a location");
  const { parent } = window;
  try {
    for (const [protocol, isInFrame] of framed) {
      Object.assign(globalThis, { origin: "null", location: { protocol: protocol.replace(/:.*/, ":"), origin: "null" } });
      Object.defineProperty(window, "parent", { value: isInFrame ? {} : window, configurable: true, writable: true });
      assert.equal(isSecure(), !isInFrame || protocol === "file:", `${protocol} without an origin`);
    }
  } finally {
    Object.defineProperty(window, "parent", { value: parent, configurable: true, writable: true });
  }
});
