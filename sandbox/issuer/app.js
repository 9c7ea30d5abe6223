// @ts-check
// The issuer's app. It asks its back-end for a control id, opens the page with the pad for the customer, and listens to
// that page's events. It never sees a digit of the PIN.

import { post } from "./back-end.js";
import { focusOn, refreshCards } from "./cards.js";
import { refreshClock, startClock } from "./clock.js";
import { byId, inWords, run, say } from "./dom.js";
import { CONTROLS, drawFaults, renew } from "./operator.js";
import { isPinDialogOpen, openPinDialog, startPinDialog } from "./pin-dialog.js";
import { refreshWire, reveal } from "./wire.js";
import { HOLDERS } from "./texts.js";

/** @import {Way} from "./texts.js" */

const LOOK_EVERY_MS = 1000;

const failed = (/** @type {unknown} */ error) => say(inWords(error), "error");

/** Draws everything again. */
async function refresh() {
  const [cards] = await Promise.all([refreshCards(), refreshClock()]);
  await refreshWire();
  return cards;
}

async function newCard() {
  const form = new FormData(/** @type {HTMLFormElement} */ (byId("new-card-form")));
  const [firstName, lastName] = HOLDERS[Math.floor(Math.random() * HOLDERS.length)];
  const { product, pinStatus, customerId } = Object.fromEntries(form);
  await post("/issuer/api/cards", { firstName, lastName, product, pinStatus, customerId });
  await refresh();
  const next = pinStatus === "W" ? "Next: choose a PIN." : "It gets a random PIN when it is produced.";
  say(`${firstName} ${lastName}’s card was created. ${next}`);
}

/** @param {string} name @param {HTMLElement} button @param {HTMLElement} card */
async function act(name, button, { dataset: { cardId = "", customerId = "", cardName = "" } }) {
  switch (name) {
    case "set-pin":
    case "view-pin":
      return openPinDialog({ cardId, customerId, operation: name, way: /** @type {Way} */ (button.dataset.way), opener: button.id }, cardName);
    case "random-pin":
      await post(`/issuer/api/cards/${cardId}/random-pin`);
      return changed(cardId, button, "The card gets a random PIN when it is produced.");
    case "renew":
      await renew(cardId);
      return changed(cardId, button, "The new card is queued for production.");
    case "renew-new-pin":
      await renew(cardId, { pinStatus: "W" });
      return changed(cardId, button, "Next: choose a PIN for the new card. Until it is produced, the old card keeps the old PIN.");
  }
}

/** @param {string} cardId @param {HTMLElement} button @param {string} text */
async function changed(cardId, button, text) {
  await refresh();
  focusOn(button.id, cardId);
  say(text);
}

/** @param {string} name */
async function control(name) {
  if (name === "reveal") return reveal();
  const text = await CONTROLS[name]?.();
  await refresh();
  say(text ?? "Up to date.");
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  const { action, control: name } = button?.dataset ?? {};
  const card = /** @type {HTMLElement | null | undefined} */ (button?.closest("[data-card-id]"));
  if (button && action && card) run(button, () => act(action, button, card));
  // The button for a failure is the submit button of its form.
  if (button?.type === "button" && name) run(button, () => control(name));
});

byId("new-card-form").addEventListener("submit", () => run(byId("new-card"), newCard));

byId("fault-form").addEventListener("submit", ({ submitter }) => {
  if (submitter) run(submitter, () => control("failure"));
});

startPinDialog({
  async look(cardId) {
    const cards = await refresh();
    return cards.find(({ id }) => id === cardId)?.pinStatus;
  },
  onClose({ cardId, opener }) {
    refresh().then(() => focusOn(opener, cardId), failed);
  },
});

startClock(() => refresh().catch(failed));

// The messages appear beside the dialog while they travel.
window.setInterval(() => isPinDialogOpen() && refreshWire().catch(failed), LOOK_EVERY_MS);

drawFaults();
refresh().catch(failed);
