// @ts-check
// The operator's controls of the sandbox: time, production, failures, reset.

import { post } from "./back-end.js";
import { refreshClock, secondsToNextRun } from "./clock.js";
import { byId, counted, make } from "./dom.js";
import { FAULTS } from "./texts.js";

/** @param {number} advanceSeconds */
const advance = (advanceSeconds) => post("/sandbox/clock", { advanceSeconds });

/** Enfuce renews cards automatically when they expire; the operator does not wait for that. @param {string} cardId @param {{pinStatus?: "W"}} [how] */
export const renew = (cardId, how = {}) => post(`/sandbox/cards/${cardId}/plastics`, { productionType: "RENEWAL", ...how });

/** The action of each control, which returns the text to report. @type {Record<string, () => Promise<string>>} */
export const CONTROLS = {
  async seconds() {
    await advance(31);
    return "31 seconds later: unused control ids have expired.";
  },
  async hour() {
    await advance(3600);
    return "One hour later.";
  },
  async "next-run"() {
    await refreshClock();
    await advance(secondsToNextRun() ?? 3600);
    return "Moved to the next run; all due cards were produced.";
  },
  async produce() {
    const { made, chosenPins, randomPins } = await post("/sandbox/embossing-run");
    return `${counted(made, "card")} produced (${chosenPins} chosen PIN, ${randomPins} random).`;
  },
  async reset() {
    await post("/sandbox/reset");
    return "Sandbox reset.";
  },
  async failure() {
    const faults = /** @type {HTMLSelectElement} */ (byId("faults"));
    await post("/sandbox/faults", JSON.parse(faults.value));
    const [option] = faults.selectedOptions;
    return `${/** @type {HTMLOptGroupElement} */ (option.parentElement).label} ${option.text} (once).`;
  },
};

export function drawFaults() {
  for (const [on, faults] of Object.entries(FAULTS)) {
    const group = make("optgroup");
    group.label = `The next “${on}” answer`;
    for (const [fault, text] of faults) {
      const option = make("option", { text });
      option.value = JSON.stringify({ on, fault, times: 1 });
      group.append(option);
    }
    byId("faults").append(group);
  }
}
