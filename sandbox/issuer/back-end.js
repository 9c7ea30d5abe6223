// @ts-check
// The issuer's back-end, its relay and its identity provider, and the sandbox's own endpoints.

/** @typedef {{year: number, month: number}} Expiration */
/**
 * @typedef {object} Plastic
 * @property {number} sequenceNumber
 * @property {"INACTIVE" | "ACTIVE"} status
 * @property {Expiration} expiration
 * @property {string} createdDate
 * @property {string | null} productionDate
 */
/**
 * @typedef {object} Card
 * @property {string} id
 * @property {string} product
 * @property {string} customerId its owner
 * @property {string} name
 * @property {string} maskedCardNumber
 * @property {"W" | "S" | "D"} pinStatus
 * @property {Plastic[]} plastics oldest first
 */
/** @typedef {{controlId: string, pinUrl: string, pinFrameUrl: string}} Control */
/** @typedef {"set-pin" | "view-pin"} Operation */

/** Calls; rejects with a sentence for people. @param {string} path @param {RequestInit} [init] */
export async function get(path, init) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...init });
  } catch {
    throw new Error("The sandbox does not answer. Is it still running?");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.detail ?? `The sandbox answered with status ${response.status}.`);
  return body;
}

/** @param {string} path @param {object} [body] @param {Record<string, string>} [headers] */
export const post = (path, body = {}, headers = {}) =>
  get(path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });

/** @returns {Promise<Card[]>} newest first */
export const listCards = async () => (await get("/issuer/api/cards")).cards;

/** A control id for the operation, and the addresses to use it at. @param {string} cardId @param {Operation} operation @returns {Promise<Control>} */
export const askForControl = (cardId, operation) => post(`/issuer/api/cards/${cardId}/${operation}`);

/** Signs a customer in: the header that proves to the relay, for some minutes, who they are. The sandbox asks for no password. @param {string} customerId @returns {Promise<Record<string, string>>} */
export async function signIn(customerId) {
  const form = new URLSearchParams({ grant_type: "password", username: customerId });
  const { access_token: token } = await get("/idp/token", { method: "POST", body: form });
  return { authorization: `Bearer ${token}` };
}

/** Asks the relay for a control id, with the header of `signIn`. @param {Record<string, string>} headers @param {string} cardId @param {Operation} operation @returns {Promise<string>} */
export const askRelay = async (headers, cardId, operation) => (await post("/relay/control-id", { cardId, operation }, headers)).controlId;
