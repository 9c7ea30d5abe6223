// @ts-check
// The life of a card as a line of steps, told from what Enfuce says of it.

/** @import {Card} from "./back-end.js" */

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {"done" | "now" | "ahead"} state
 * @property {string | null} [at] RFC 3339, where it is known
 * @property {boolean} [isRun] whether it waits for the embossing run
 */

/** The plastic that the line is about: the newest. @param {Card} card */
export const newestPlastic = (card) => card.plastics[card.plastics.length - 1];

/** Whether a plastic is in the customer's hands. @param {Card} card */
export const isMade = (card) => card.plastics.some(({ status }) => status === "ACTIVE");

/** @param {Card} card @returns {Step[]} */
export function lifeOf(card) {
  const plastic = newestPlastic(card);
  const isRenewal = plastic.sequenceNumber > 1;
  const hasPin = card.pinStatus !== "W";
  /** @type {{name: string, isDone: boolean, at?: string | null, isRun?: boolean}[]} */
  const steps = [{ name: isRenewal ? "Renewed" : "Created", isDone: true, at: plastic.createdDate }];
  if (isRenewal && hasPin) steps.push({ name: "Has its PIN", isDone: true });
  else if (card.pinStatus === "D") steps.push({ name: "Gets a random PIN", isDone: true });
  else steps.push({ name: "Waiting for PIN", isDone: hasPin }, { name: "PIN set", isDone: hasPin });
  const isProduced = plastic.status === "ACTIVE" || plastic.productionDate !== null;
  steps.push(
    { name: "In the next embossing run", isDone: isProduced, isRun: true },
    { name: "Made", isDone: isProduced, at: plastic.productionDate },
    { name: "Active", isDone: plastic.status === "ACTIVE" },
  );
  const now = steps.findIndex(({ isDone }) => !isDone);
  return steps.map(({ name, isDone, at, isRun = false }, index) => ({
    name,
    state: isDone ? "done" : index === now ? "now" : "ahead",
    at,
    isRun: isRun && index === now,
  }));
}
