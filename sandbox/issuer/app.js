// @ts-check
// The issuer's app. It asks its back-end for a control id, brings the customer to the page that takes the PIN, and listens
// to that page's events. It never sees a digit of the PIN.

import { post } from "./back-end.js";
import { focusCard, refreshCards } from "./cards.js";
import { refreshClock, startClock } from "./clock.js";
import { byId, inWords, run, say } from "./dom.js";
import { drawFaults, isLever, pull, renew } from "./levers.js";
import { isPinDialogOpen, openPinDialog, startPinDialog } from "./pin-dialog.js";
import { refreshWire, reveal } from "./wire.js";
import { HOLDERS } from "./words.js";

/** @import {Way} from "./words.js" */

const LOOK_EVERY_MS = 1000;

const failed = (/** @type {unknown} */ error) => say(inWords(error), "error");

/** Everything anew. */
async function refresh() {
  const [cards] = await Promise.all([refreshCards(), refreshClock()]);
  await refreshWire();
  return cards;
}

async function newCard() {
  const form = new FormData(/** @type {HTMLFormElement} */ (byId("new-card-form")));
  const [firstName, lastName] = HOLDERS[Math.floor(Math.random() * HOLDERS.length)];
  const { product, pinStatus } = Object.fromEntries(form);
  await post("/issuer/api/cards", { firstName, lastName, product, pinStatus });
  await refresh();
  const then = pinStatus === "W" ? "It waits for its PIN." : "It gets a random PIN in the next embossing run.";
  say(`The card of ${firstName} ${lastName} is created. ${then}`);
}

/** @param {string} name @param {HTMLElement} button @param {string} cardId */
async function act(name, button, cardId) {
  switch (name) {
    case "set-pin":
    case "view-pin":
      return openPinDialog(cardId, name, /** @type {Way} */ (button.dataset.way));
    case "random-pin":
      await post(`/issuer/api/cards/${cardId}/random-pin`);
      return changed(cardId, "The card gets a random PIN in the next embossing run.");
    case "renew":
      await renew(cardId);
      return changed(cardId, "The renewed card is made in the next embossing run.");
    case "renew-new-pin":
      await renew(cardId, { pinStatus: "W" });
      return changed(cardId, "The renewed card waits for its PIN. Until it is made, the old one keeps the old PIN.");
  }
}

/** @param {string} cardId @param {string} words */
async function changed(cardId, words) {
  await refresh();
  focusCard(cardId);
  say(words);
}

/** @param {string} name */
async function lever(name) {
  if (name === "wire") return refreshWire();
  if (name === "reveal") return reveal();
  if (!isLever(name)) return;
  await pull(name);
  await refresh();
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  const { action, lever: pulled } = button?.dataset ?? {};
  const card = /** @type {HTMLElement | null | undefined} */ (button?.closest("[data-card-id]"));
  if (button && action && card) run(button, () => act(action, button, card.dataset.cardId ?? ""));
  // The fault's is its form's submit button.
  if (button?.type === "button" && pulled) run(button, () => lever(pulled));
});

byId("new-card-form").addEventListener("submit", (event) => {
  event.preventDefault();
  run(byId("new-card"), newCard);
});

byId("fault-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const { submitter } = event;
  if (submitter) run(submitter, () => lever("fault"));
});

startPinDialog({
  async look(cardId) {
    const cards = await refresh();
    return cards.find(({ id }) => id === cardId)?.pinStatus;
  },
  onClose(cardId) {
    refresh().then(() => focusCard(cardId), failed);
  },
});

startClock(() => refresh().catch(failed));

// The messages appear beside the dialog while they travel.
window.setInterval(() => isPinDialogOpen() && refreshWire().catch(failed), LOOK_EVERY_MS);

drawFaults();
refresh().catch(failed);
