// @ts-check
// The fields of a message, each with its kind.

/** @typedef {"cipher" | "public" | "token" | "elided" | "plain"} Kind */
/** @typedef {{name: string, value: string, kind: Kind, what: string}} Field */
/**
 * @typedef {object} Message
 * @property {number} step
 * @property {string} from
 * @property {string} to
 * @property {"request" | "answer"} direction
 * @property {string} title
 * @property {string} whole the body as it was sent
 * @property {boolean} isFailure
 * @property {Field[]} fields
 */

export const WHAT = Object.freeze({ publicKey: "public key", tzpk: "key, wrapped", pinBlock: "PIN block, encrypted" });

/** The kind and the meaning of a field, by its name in the messages. @type {Record<string, {kind: Kind, what: string}>} */
const KNOWN = {
  publicKey: { kind: "public", what: WHAT.publicKey },
  pubKey: { kind: "public", what: WHAT.publicKey },
  tzpk: { kind: "cipher", what: WHAT.tzpk },
  pinBlock: { kind: "cipher", what: WHAT.pinBlock },
  controlId: { kind: "token", what: "one-use token" },
  pinControlId: { kind: "token", what: "one-use token" },
};
const PLAIN = { kind: /** @type {const} */ ("plain"), what: "" };
const MAX_SHOWN = 20;

/** @param {string} value */
export const shortened = (value) => (value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value);

/** How many bytes a base64 text contains. @param {string} value */
export function byteCount(value) {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value) || value.length % 4) return "";
  return `${(value.length / 4) * 3 - (value.match(/=/g) ?? []).length} bytes`;
}

/** @param {string} name @param {unknown} value @param {string} path @returns {Field} */
function field(name, value, path) {
  // The answer of pincontrol calls its token `id`.
  const isToken = name === "id" && /^\/pincontrol\/|\/pinControl$/.test(path);
  const mark = isToken ? KNOWN.controlId : (KNOWN[name] ?? PLAIN);
  return { name, value: typeof value === "string" ? value : JSON.stringify(value), ...mark };
}

/** @param {string} body @param {string} type @param {string} path @returns {Field[]} */
export function fieldsOf(body, type, path) {
  if (body === "") return [];
  if (body === "(elided)") return [{ name: "body", value: body, kind: "elided", what: "credentials" }];
  if (/^\s*<!doctype html/i.test(body)) return [{ name: "page", value: `HTML, ${body.length} characters`, ...PLAIN }];
  if (type.startsWith("application/x-www-form-urlencoded")) {
    return [...new URLSearchParams(body)].map(([name, value]) => field(name, value, path));
  }
  try {
    const content = JSON.parse(body);
    if (Array.isArray(content)) return [{ name: "list", value: content.length === 1 ? "1 entry" : `${content.length} entries`, ...PLAIN }];
    return Object.entries(content).map(([name, value]) => field(name, value, path));
  } catch {
    return [{ name: "body", value: body, ...PLAIN }];
  }
}
