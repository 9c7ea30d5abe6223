// @ts-check
// The issuer's back-end, and the sandbox's own endpoints.

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
 * @property {string} customerId whose it is
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

/** @param {string} path @param {object} [body] */
export const post = (path, body = {}) =>
  get(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** @returns {Promise<Card[]>} newest first */
export const listCards = async () => (await get("/issuer/api/cards")).cards;

/** A control id for the operation, and where to take it. @param {string} cardId @param {Operation} operation @returns {Promise<Control>} */
export const askForControl = (cardId, operation) => post(`/issuer/api/cards/${cardId}/${operation}`);
