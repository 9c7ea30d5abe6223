// @ts-check

/**
 * Access to the platform that a page cannot break by accident: an element with the name `hasFocus` or `hidden` hides the document's
 * own member, and an element with the name `trustedTypes` looks like a feature that the engine does not have.
 */

/** @type {any} absent without a document, as on a server */
const documents = globalThis.Document?.prototype ?? (globalThis.document && Object.getPrototypeOf(document));
const hidden = documents && Object.getOwnPropertyDescriptor(documents, "hidden")?.get;
const defaultView = documents && Object.getOwnPropertyDescriptor(documents, "defaultView")?.get;
const { hasFocus, createElement, createElementNS } = documents ?? {};

/** Whether the page is hidden. @param {Document} page */
export const isHidden = (page) => hidden?.call(page) === true || page.hidden === true;

/** The window that a page is in, if it is in one. @param {Document} page @returns {Window | null} */
export const viewOf = (page) => (defaultView ? defaultView.call(page) : page.defaultView);

/**
 * Whether somebody looks at the page: it is visible and has the focus. If the document's own members and what hides them disagree,
 * the answer is no.
 * @param {Document} page
 */
export function isLookedAt(page) {
  const own = /** @type {unknown} */ (page.hasFocus);
  // Another window's document has another `hasFocus`.
  const denies = typeof own === "function" && own !== hasFocus && own.call(page) === false;
  return !isHidden(page) && hasFocus?.call(page) !== false && !denies;
}

/**
 * The object with a target's methods. A window has its own, which no element hides: in test runners it is an object that only has the
 * names of a window.
 * @param {EventTarget} target
 */
const methodsOf = (target) => (target === window ? target : EventTarget.prototype);

/** @param {EventTarget} target @param {string} type @param {(event: any) => void} listener */
export const listen = (target, type, listener) => methodsOf(target).addEventListener.call(target, type, listener);

/** @param {EventTarget} target @param {string} type @param {(event: any) => void} listener */
export const stopListening = (target, type, listener) => methodsOf(target).removeEventListener.call(target, type, listener);

/** @param {string} tag @returns {HTMLElement} */
export const makeElement = (tag) => createElement.call(document, tag);

/** @param {string} url relative to the document @returns {string} absolute; empty if it is not an address */
export function absolute(url) {
  const link = /** @type {HTMLAnchorElement} */ (makeElement("a"));
  link.href = url;
  // What cannot be parsed stays as it is, and has no protocol.
  return link.protocol === ":" ? "" : link.href;
}

/** @param {string} tag @returns {Element} */
export const makeSvg = (tag) => createElementNS.call(document, "http://www.w3.org/2000/svg", tag);

/** Whether a worker can draw on the page. */
export const canDraw = () => "transferControlToOffscreen" in HTMLCanvasElement.prototype;

/**
 * Makes an object without a prototype, so that a property of `Object.prototype` does not become one of its fields.
 * @template {object} T
 * @param {T} fields
 * @returns {T}
 */
export const bare = (fields) => Object.assign(Object.create(null), fields);

/** The policy. All copies of this module on a page share it, because a policy's name can be used once. */
const POLICY = Symbol.for("card-pin.trusted-types-policy");

/**
 * Gives a script's address the type that `new Worker` needs under `require-trusted-types-for 'script'`.
 * @param {string} url
 */
export function scriptUrl(url) {
  try {
    const shared = /** @type {any} */ (globalThis);
    if (!Object.hasOwn(shared, POLICY)) {
      const { trustedTypes } = shared;
      if (typeof trustedTypes?.createPolicy !== "function") return url;
      const policy = trustedTypes.createPolicy("card-pin", bare({ createScriptURL: (/** @type {string} */ own) => own }));
      Object.defineProperty(shared, POLICY, bare({ value: policy }));
    }
    return shared[POLICY].createScriptURL(url);
  } catch {
    // If the page does not allow this policy, the plain address may work.
    return url;
  }
}

/**
 * @param {string} url
 * @param {WorkerType} type
 */
export function startWorker(url, type) {
  /** @type {WorkerOptions} */
  const options = { type, name: "card-pin", credentials: "omit" };
  return new Worker(scriptUrl(url), bare(options));
}

/**
 * Whether nobody can have changed the page on the network. Pages of an app, a file or a string do not come over the network; a
 * frame that was made from a string is as secure as the page that made it.
 */
export function isSecure() {
  if (globalThis.isSecureContext !== false) return true;
  const { location, origin = location?.origin } = globalThis;
  const host = /^https?:\/\/(.*?)(?::\d+)?$/.exec(origin)?.[1];
  if (host !== undefined) return isLoopback(host);
  return window.parent === window || !/^(?:about|blob|data):$/.test(location?.protocol);
}

/** @param {string} host */
const isLoopback = (host) => /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(host);
