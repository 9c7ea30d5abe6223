/** A page (jsdom), for tests that need one: the first thing that they import. */

import { createRequire } from "node:module";

const { JSDOM } = createRequire(new URL("../../target/npm/", import.meta.url))("jsdom");
const { window } = new JSDOM("<!doctype html><body></body>", { url: "https://issuer.example/", pretendToBeVisual: true });
class CSSStyleSheet {
  replaceSync() {}
}
const classes = ["Document", "HTMLElement", "HTMLCanvasElement", "CustomEvent", "Event", "EventTarget", "KeyboardEvent"];
for (const name of classes) globalThis[name] = window[name];
for (const name of ["getComputedStyle", "addEventListener", "removeEventListener"]) globalThis[name] = window[name].bind(window);
const { customElements, document, location, navigator } = window;
for (const [name, value] of Object.entries({ window, customElements, document, location, navigator, CSSStyleSheet })) {
  // Node has a `navigator` of its own, which cannot be assigned to.
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
globalThis.origin = location.origin;
globalThis.matchMedia = () => ({ matches: true });
// The pad's shadow root is closed, but the tests have to look into it.
const { attachShadow } = window.Element.prototype;
window.Element.prototype.attachShadow = function attach(options) {
  const root = attachShadow.call(this, options);
  Object.defineProperty(this, "shadowRoot", { value: root });
  return root;
};
globalThis.reported = [];
globalThis.reportError = (error) => globalThis.reported.push(error);
