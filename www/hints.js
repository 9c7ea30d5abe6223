// @ts-check

/**
 * Explains integration mistakes in the console: the cause, the address and the fix. This file is loaded when a hint is needed.
 * A hint contains addresses without their query, and no other value of the page.
 */

import { ATTRIBUTES, PROPERTIES } from "./names.js";
import { bare } from "./platform.js";

/** @import {Settings} from "./options.js" */
/** @import {VaultSource} from "./vault-files.js" */

/** How long a worker may take to show why it does not start, in milliseconds. */
const PROBE_MS = 2000;
/** Requests without cookies and redirects, like those of the pad itself. @type {RequestInit} */
const QUIETLY = bare({ credentials: "omit", redirect: "error" });
/** Policies that stop a worker. */
const DIRECTIVES = /^(worker|child|default|script)-src|trusted-types/;

/** @typedef {string | undefined} Text */
/** @type {Record<string, (subject: any) => Text | Promise<Text>>} */
const EXPLANATIONS = {
  markup: explainMarkup,
  control_id_missing: (/** @type {Element} */ element) =>
    "there is neither a control-id nor a controlIdProvider, so the pad waits. " +
    (element.hasAttribute("controlidprovider") ? "controlIdProvider is a property and has no attribute. " : "") +
    "Set it on the element: pad.controlIdProvider = async () => … (React before 19 passes no functions: use a ref).",
  control_id_unavailable: explainProvider,
  async page(/** @type {Settings} */ settings) {
    return `the PIN is held on the page and not in a worker, because ${await whyNoWorker(settings)} With isolation="worker", the session fails instead.`;
  },
  async isolation_unavailable(/** @type {Settings} */ settings) {
    return `isolation="worker" needs a worker, but none could be started, because ${await whyNoWorker(settings)}`;
  },
  async vault_missing(/** @type {Settings} */ { source }) {
    const problem = source.problem?.() ?? (await problemOfWorker(source)) ?? (await problemOfCore(source.wasm));
    return problem ?? `the browser does not load ${addressOf(source.workerUrl)}. Its own message says which policy forbids that.`;
  },
  wasm_unavailable: explainWasm,
  rejected: (/** @type {Settings} */ { open }) =>
    `${endpoints(open)} answered with a status that refuses (4xx). Is the address right, and does it take a POST?`,
  bad_response: (/** @type {Settings} */ { open }) =>
    `${endpoints(open)} answered with something other than the JSON that the pad expects.${impostor()}`,
  not_allowed: (/** @type {Settings} */ { open }) =>
    `${endpoints(open)} answered 401 or 403. Requests carry no cookies unless credentials="same-origin" says so, and no token unless requestHeaders has it.`,
  outcome_unknown: (/** @type {Settings} */ { open }) =>
    `${addressOf(open.setUrl)} has to answer with 200, 201 or 204 and no HTML: nothing else says that the PIN is set.${impostor()}`,
};

/** The hints that were written: each is written once. */
const told = new Set();

/** @param {string} mistake @param {unknown} subject */
export async function warn(mistake, subject) {
  const text = Object.hasOwn(EXPLANATIONS, mistake) && (await EXPLANATIONS[mistake](subject));
  if (!text || told.has(text)) return;
  told.add(text);
  console.warn(`card-pin: ${text} (${mistake}. To hide these hints, set hints="off".)`);
}

/** @param {unknown} url @returns {string} without the parts that may be secret */
function addressOf(url) {
  const { origin, protocol, pathname } = new URL(String(url), location.href);
  return protocol === "data:" || protocol === "blob:" ? `a ${protocol} address` : `${origin === "null" ? `${protocol}//` : origin}${pathname}`;
}

/** @param {Settings["open"]} open */
const endpoints = ({ tzpkUrl, setUrl, viewUrl }) => (viewUrl ? addressOf(viewUrl) : `${addressOf(tzpkUrl)} or ${addressOf(setUrl)}`);

/** Programs that may have answered for a server. */
const impostor = () =>
  ` Does ${navigator.serviceWorker?.controller ? "this page's service worker, " : ""}a proxy or a start page for every path answer in its place?`;

/** @param {Element} element @returns {Text} */
function explainMarkup(element) {
  const problems = [];
  for (const [name, choices] of [["keypad", "fixed, shuffled or none"], ["theme", "light, dark or auto"]]) {
    const value = element.getAttribute(name);
    if (value !== null && !choices.split(/, | or /).includes(value)) problems.push(`${name} has to be ${choices}; it counts as not given.`);
  }
  for (const name of element.getAttributeNames()) {
    if (Object.hasOwn(ATTRIBUTES, name)) continue;
    const meant = [...Object.keys(ATTRIBUTES), ...PROPERTIES].find((known) => isNear(plain(name), plain(known)));
    if (!meant) continue;
    const attribute = Object.entries(ATTRIBUTES).find(([, property]) => property === meant)?.[0] ?? meant;
    const isAttribute = Object.hasOwn(ATTRIBUTES, attribute);
    problems.push(isAttribute ? `the attribute ${name} does nothing: it has to be ${attribute}.` : `${meant} is a property and has no attribute.`);
  }
  return problems.join(" ") || undefined;
}

/** @param {string} name */
const plain = (name) => name.toLowerCase().replace(/[^a-z]/g, "");

/** Whether two names differ by one or two typing mistakes. @param {string} one @param {string} other */
function isNear(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let place = 1; place <= one.length; place += 1) {
    const next = [place];
    for (let at = 1; at <= other.length; at += 1) {
      const differs = one[place - 1] === other[at - 1] ? 0 : 1;
      next[at] = Math.min(row[at] + 1, next[at - 1] + 1, row[at - 1] + differs);
    }
    row = next;
  }
  return row[other.length] <= (other.length > 5 ? 2 : 1);
}

/** @param {unknown} problem what the provider threw, or returned instead of a text */
function explainProvider(problem) {
  const wanted = "It has to return the control id itself, a string: (await response.json()).controlId, for example.";
  if (problem === undefined) return `controlIdProvider returned nothing, or took longer than timeout-ms. ${wanted}`;
  if (!(problem instanceof Error)) return `controlIdProvider gave ${problem === null ? "null" : `a value of the type ${typeof problem}`}. ${wanted}`;
  // The place where it was thrown. Its message may be secret.
  const place = /[^\s()@]+:\d+:\d+/.exec(problem.stack?.replace(problem.message, "") ?? "")?.[0].replace(/\?[^:]*/, "");
  return `controlIdProvider threw ${problem.name}${place ? ` at ${place}` : ""}. Catch it there, or return a control id.`;
}

/** @param {Settings} settings @returns {Promise<string>} ends with a full stop */
async function whyNoWorker({ source }) {
  if (typeof Worker !== "function") return "this browser starts no workers.";
  const problem = await problemOfWorker(source);
  if (problem) return problem;
  const directive = await whatForbids(source);
  if (!directive) return "this browser starts none here, or none that can draw.";
  if (/trusted-types/.test(directive)) return `${directive} forbids it: allow the policy "card-pin" (trusted-types card-pin).`;
  // A checked file is started from its bytes.
  const isStarter = !source.workerUrl || source.problem !== undefined || new URL(source.workerUrl).origin !== location.origin;
  return `${directive} forbids it: the policy needs worker-src ${isStarter ? "blob:" : "'self'"}.`;
}

/**
 * Starts a worker once more, to find the policy that forbids it.
 * @param {VaultSource} source
 * @returns {Promise<string | undefined>} the directive
 */
async function whatForbids(source) {
  /** @type {Worker | undefined} */
  let worker;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {(event: SecurityPolicyViolationEvent) => void} */
  let listener = () => {};
  const directive = await new Promise((resolve) => {
    listener = ({ effectiveDirective }) => DIRECTIVES.test(effectiveDirective) && resolve(effectiveDirective);
    document.addEventListener("securitypolicyviolation", listener);
    timer = setTimeout(resolve, PROBE_MS);
    try {
      worker = source.start();
    } catch {
      // The event comes nevertheless.
    }
  });
  clearTimeout(timer);
  worker?.terminate();
  document.removeEventListener("securitypolicyviolation", listener);
  return directive;
}

/**
 * @param {string} url
 * @param {string} file
 * @param {string} option
 * @param {(response: Response) => boolean | Promise<boolean>} isRight
 * @returns {Promise<Text>}
 */
async function problemOf(url, file, option, isRight) {
  const where = addressOf(url);
  const response = await fetch(url, QUIETLY).catch(() => undefined);
  if (!response) return `${where} cannot be fetched. Its server has to be there, not to redirect, and to allow this origin (CORS); the page's policy has to allow it (connect-src).`;
  if (response.ok && (await isRight(response))) return undefined;
  const type = response.headers.get("content-type")?.split(";")[0] ?? "no type";
  const what = response.ok ? `is not ${file} but ${type}.${impostor()}` : `answered ${response.status}.`;
  const way = where.includes("/.vite/")
    ? 'Add optimizeDeps: { exclude: ["card-pin"] } to the configuration of Vite.'
    : `Copy ${file} of the package there, or give its address as ${option}.`;
  return `${where} ${what} ${way}`;
}

/** @param {VaultSource} source @returns {Promise<Text>} */
async function problemOfWorker({ workerUrl }) {
  if (!workerUrl) return undefined;
  const isScript = (/** @type {Response} */ { headers }) => /javascript|ecmascript/.test(headers.get("content-type") ?? "");
  return problemOf(workerUrl, "card-pin.worker.js", "workerUrl", isScript);
}

/** @param {VaultSource["wasm"]} wasm @returns {Promise<Text>} */
async function problemOfCore(wasm) {
  if (typeof wasm !== "string") return undefined;
  const isCore = async (/** @type {Response} */ response) =>
    new TextDecoder().decode(new Uint8Array(await response.arrayBuffer()).subarray(0, 4)) === "\0asm";
  const isScalar = wasm.includes("scalar");
  return problemOf(wasm, isScalar ? "card_pin_scalar_bg.wasm" : "card_pin_bg.wasm", isScalar ? "scalarWasmUrl" : "wasmUrl", isCore);
}

/** Checks the policy that comes with the worker's script, which is the one that counts. @param {Settings} settings */
async function explainWasm({ source: { workerUrl } }) {
  if (typeof WebAssembly !== "object") return "this browser runs no WebAssembly, as in Lockdown Mode.";
  const response = workerUrl ? await fetch(workerUrl, QUIETLY).catch(() => undefined) : undefined;
  const policy = response?.headers.get("content-security-policy") ?? "";
  const isForbidden = /(script|default)-src/.test(policy) && !/'(wasm-)?unsafe-eval'/.test(policy);
  const whose = isForbidden ? `that the server sends with ${addressOf(workerUrl)}` : "of the page or of the worker's script";
  return `the core cannot be compiled. The policy ${whose} has to have script-src 'wasm-unsafe-eval'.`;
}
