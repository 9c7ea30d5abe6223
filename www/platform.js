// @ts-check

/**
 * The platform, as a page cannot change it by accident: an element of the name `hasFocus` or `hidden` hides the document's own
 * member, and one of the name `trustedTypes` stands where an engine has none.
 */

/** @type {any} absent without a document, as on a server */
const documents = globalThis.Document?.prototype ?? (globalThis.document && Object.getPrototypeOf(document));
const hidden = documents && Object.getOwnPropertyDescriptor(documents, "hidden")?.get;
const defaultView = documents && Object.getOwnPropertyDescriptor(documents, "defaultView")?.get;
const { hasFocus, createElement, createElementNS } = documents ?? {};

/** Whether nobody can see the page. @param {Document} page */
export const isHidden = (page) => hidden?.call(page) === true || page.hidden === true;

/** The window that a page is in, if it is in one. @param {Document} page @returns {Window | null} */
export const viewOf = (page) => (defaultView ? defaultView.call(page) : page.defaultView);

/**
 * Whether somebody looks at the page: it is visible and has the focus. Where the document's own word and what stands in its place
 * differ, nobody looks.
 * @param {Document} page
 */
export function isLookedAt(page) {
  const own = /** @type {unknown} */ (page.hasFocus);
  // Another window's document has another `hasFocus`.
  const denies = typeof own === "function" && own !== hasFocus && own.call(page) === false;
  return !isHidden(page) && hasFocus?.call(page) !== false && !denies;
}

/**
 * Where a target's methods are. The window has its own, which no element hides: in test runners, it is an object that only has the
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

/** @param {string} url relative to the document @returns {string} absolute */
export function absolute(url) {
  const link = /** @type {HTMLAnchorElement} */ (makeElement("a"));
  link.href = url;
  return link.href;
}

/** @param {string} tag @returns {Element} */
export const makeSvg = (tag) => createElementNS.call(document, "http://www.w3.org/2000/svg", tag);

/** Whether a worker can draw on the page. */
export const canDraw = () => "transferControlToOffscreen" in HTMLCanvasElement.prototype;

/**
 * An object without a prototype, so that nothing a script put on `Object.prototype` becomes one of its fields.
 * @template {object} T
 * @param {T} fields
 * @returns {T}
 */
export const bare = (fields) => Object.assign(Object.create(null), fields);

/** Shared by all copies of this module on a page: a policy's name can be taken once. */
const POLICY = Symbol.for("card-pin.trusted-types-policy");

/**
 * A script's address in the form that `new Worker` takes under `require-trusted-types-for 'script'`.
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
    // Where the policy does not allow this one, the plain address may do.
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
 * Whether what the page is made of cannot have been changed on its way here. Pages of an app, a file or a string had no way; a
 * frame that was made of a string is as secure as the page that made it.
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
