// @ts-check
// The sandbox's levers: time, embossing, faults, a fresh start.

import { post } from "./back-end.js";
import { refreshClock, secondsToNextRun } from "./clock.js";
import { byId, make, say } from "./dom.js";
import { FAULTS, FAULT_GROUPS } from "./words.js";

/** @param {number} advanceSeconds */
async function advance(advanceSeconds) {
  await post("/sandbox/clock", { advanceSeconds });
  await refreshClock();
}

async function emboss() {
  const { made, chosenPins, randomPins } = await post("/sandbox/embossing-run");
  await refreshClock();
  return `${made === 1 ? "1 card was" : `${made} cards were`} made: ${chosenPins} with a chosen PIN, ${randomPins} with a random one.`;
}

/** Enfuce renews cards by itself when they expire; the lever does not wait for that. @param {string} cardId @param {{pinStatus?: "W"}} [how] */
export const renew = (cardId, how = {}) => post(`/sandbox/cards/${cardId}/plastics`, { productionType: "RENEWAL", ...how });

/** What each lever does; what it returns is said. @type {Record<string, () => Promise<string>>} */
const LEVERS = {
  async seconds() {
    await advance(31);
    return "31 seconds later: control ids that were not used are expired.";
  },
  async hour() {
    await advance(3600);
    return "One hour later.";
  },
  async "next-run"() {
    await refreshClock();
    await advance(secondsToNextRun() ?? 3600);
    return "The time of the embossing run has come, and every card that was due is made.";
  },
  "embossing-run": emboss,
  async reset() {
    await post("/sandbox/reset");
    await refreshClock();
    return "Everything is empty, and the clock is right again.";
  },
  async fault() {
    const chosen = /** @type {HTMLOptionElement} */ (byId("faults").querySelector("option:checked"));
    await post("/sandbox/faults", { on: chosen.dataset.on, fault: JSON.parse(chosen.dataset.fault ?? "null"), times: 1 });
    return `Armed, once: the next answer to ${chosen.dataset.on}. ${chosen.textContent}.`;
  },
};

/** @param {string} name */
export const isLever = (name) => name in LEVERS;

/** @param {string} name */
export async function pull(name) {
  say(await LEVERS[name]());
}

export function drawFaults() {
  for (const [on, faults] of Object.entries(FAULTS)) {
    const group = make("optgroup");
    group.label = FAULT_GROUPS[on];
    for (const [name, fault, words] of faults) {
      const option = make("option", { text: words });
      option.value = `${on}:${name}`;
      option.dataset.on = on;
      option.dataset.fault = JSON.stringify(fault);
      group.append(option);
    }
    byId("faults").append(group);
  }
}
