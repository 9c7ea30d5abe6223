// @ts-check
// The states of a card, derived from Enfuce's description of it.

/** @import {Card} from "./back-end.js" */

/**
 * @typedef {object} CardState
 * @property {string} name
 * @property {"done" | "now" | "ahead"} progress
 * @property {string | null} [at] RFC 3339, if it is known
 * @property {boolean} [isRun] whether it waits for the production run
 */

/** The plastic that the states are about: the newest. @param {Card} card */
export const newestPlastic = (card) => card.plastics[card.plastics.length - 1];

/** Whether a plastic is in the customer's hands. @param {Card} card */
export const isProduced = (card) => card.plastics.some(({ status }) => status === "ACTIVE");

/** @param {Card} card @returns {CardState[]} */
export function statesOf(card) {
  const plastic = newestPlastic(card);
  const isRenewal = plastic.sequenceNumber > 1;
  const hasPin = card.pinStatus !== "W";
  /** @type {{name: string, isDone: boolean, at?: string | null, isRun?: boolean}[]} */
  const states = [{ name: isRenewal ? "Renewed" : "Created", isDone: true, at: plastic.createdDate }];
  if (isRenewal && hasPin) states.push({ name: "Has its PIN", isDone: true });
  else if (card.pinStatus === "D") states.push({ name: "Gets a random PIN", isDone: true });
  else states.push({ name: "Waiting for PIN", isDone: hasPin }, { name: "PIN set", isDone: hasPin });
  const isDone = plastic.status === "ACTIVE" || plastic.productionDate !== null;
  states.push(
    { name: "Queued for production", isDone, isRun: true },
    { name: "Produced", isDone, at: plastic.productionDate },
    { name: "Active", isDone: plastic.status === "ACTIVE" },
  );
  const now = states.findIndex(({ isDone }) => !isDone);
  return states.map(({ name, isDone, at, isRun = false }, index) => ({
    name,
    progress: isDone ? "done" : index === now ? "now" : "ahead",
    at,
    isRun: isRun && index === now,
  }));
}
