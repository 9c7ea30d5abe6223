// @ts-check
// The cards: their look, their states, and their actions.

import { listCards } from "./back-end.js";
import { isProduced, newestPlastic, statesOf } from "./card-states.js";
import { dateOf, tick, timeOf } from "./clock.js";
import { byId, make, part } from "./dom.js";
import { OPERATIONS, PRODUCTS, STATUS, WAYS } from "./texts.js";

/** @import {Card, Operation} from "./back-end.js" */
/** @import {CardState} from "./card-states.js" */

const TONES = 5;

/** @param {string} masked as in 555555******1234 */
const grouped = (masked) => masked.replaceAll("*", "•").replace(/(.{4})(?=.)/g, "$1 ");

/** The same card always has the same colour. @param {string} id */
const tone = (id) => Number.parseInt(id.slice(0, 4), 16) % TONES;

/** @param {Card} card */
function draw(card) {
  const template = /** @type {HTMLTemplateElement} */ (/** @type {unknown} */ (byId("card-template")));
  const fragment = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  const article = part(fragment, "article");
  const product = PRODUCTS[card.product] ?? { brand: card.product, kind: "" };
  article.id = card.id;
  article.setAttribute("aria-label", `Card of ${card.name}`);
  article.dataset.cardId = card.id;
  article.dataset.customerId = card.customerId;
  article.dataset.cardName = `${product.brand} ending in ${card.maskedCardNumber.slice(-4)}`;
  article.classList.add(`tone-${tone(card.id)}`);
  part(article, ".number").textContent = grouped(card.maskedCardNumber);
  part(article, ".number").setAttribute("aria-label", `Card number ending in ${card.maskedCardNumber.slice(-4)}`);
  part(article, ".holder").textContent = card.name;
  part(article, ".brand-name").textContent = product.brand;
  part(article, ".brand-kind").textContent = product.kind;
  const { year, month } = newestPlastic(card).expiration;
  part(article, ".expiry-date").textContent = `${String(month).padStart(2, "0")}/${String(year).slice(-2)}`;
  part(article, ".expiry-date").setAttribute("aria-label", `valid through ${month}/${year}`);
  part(article, ".status").dataset.pinStatus = card.pinStatus;
  part(article, ".status").textContent = STATUS[card.pinStatus] ?? card.pinStatus;
  part(article, ".owner").textContent = `Customer ${card.customerId}`;
  part(article, ".states").append(...statesOf(card).map(drawState));
  part(article, ".actions").append(...actions(card));
  return article;
}

/** @param {CardState} state */
function drawState({ name, progress, at, isRun }) {
  const item = make("li", { class: "step" }, make("span", { text: name }));
  item.dataset.progress = progress;
  if (progress === "now") item.setAttribute("aria-current", "step");
  if (progress === "done") item.append(make("span", { class: "visually-hidden", text: " (done)" }));
  if (isRun) {
    const time = make("span", { class: "step-time" });
    time.dataset.countdown = "";
    item.append(time);
  } else if (at && progress === "done") {
    item.append(make("time", { class: "step-time", text: `${dateOf(at)}, ${timeOf(at)} UTC` }));
  }
  return item;
}

/** @param {Card} card */
function actions(card) {
  const offered = [];
  const isWaiting = card.pinStatus === "W";
  if (isWaiting) offered.push(...ways(card, "set-pin", "primary"), button(card, "random-pin", "Use a random PIN instead"));
  if (isProduced(card)) offered.push(...ways(card, "view-pin", isWaiting ? "small" : "primary"));
  else if (!isWaiting) offered.push(make("p", { class: "hint", text: "The PIN can be viewed once the card is produced. Operator’s controls: “Produce now”." }));
  if (newestPlastic(card).status === "ACTIVE") {
    offered.push(make("div", { class: "renewals" }, button(card, "renew", "Renew, keep PIN"), button(card, "renew-new-pin", "Renew with a new PIN")));
  }
  return offered;
}

/** One button for the first way to the PIN, and a list of the others. @param {Card} card @param {Operation} operation @param {string} look */
function ways(card, operation, look) {
  const { action, ways } = OPERATIONS[operation];
  const first = button(card, operation, action, look);
  first.dataset.way = "own-page";
  const summary = make("summary", { text: ways });
  summary.id = `${card.id}-${operation}-ways`;
  const list = make("details", { class: "choices" }, summary);
  for (const [way, { name, hint }] of Object.entries(WAYS)) {
    const choice = button(card, operation, "", "way");
    choice.id += `-${way}`;
    choice.dataset.way = way;
    choice.append(make("b", { text: name }), make("span", { text: hint }));
    list.append(choice);
  }
  return [first, list];
}

/** @param {Card} card @param {string} action @param {string} text @param {string} [look] */
function button(card, action, text, look = "quiet") {
  const made = make("button", { class: look, text });
  made.type = "button";
  made.id = `${card.id}-${action}`;
  made.dataset.action = action;
  return made;
}

/** Puts the focus on a button, or on its card if the button is gone. @param {string} buttonId @param {string} cardId */
export const focusOn = (buttonId, cardId) => (byId(buttonId) ?? byId(cardId))?.focus();

/** Counts the requests: an answer that was overtaken by a later one is not drawn. */
let looks = 0;

/** Asks for the cards and draws them again. @returns {Promise<Card[]>} */
export async function refreshCards() {
  const look = ++looks;
  const list = byId("cards");
  list.setAttribute("aria-busy", "true");
  try {
    const cards = await listCards();
    if (look === looks) drawAll(cards);
    return cards;
  } finally {
    if (look === looks) list.setAttribute("aria-busy", "false");
  }
}

/** @param {Card[]} cards */
function drawAll(cards) {
  const list = byId("cards");
  // Restores the focus and the open lists.
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const open = [...list.querySelectorAll("details[open] > summary")].map(({ id }) => id);
  list.replaceChildren(...cards.map(draw));
  for (const id of open) byId(id)?.parentElement?.setAttribute("open", "");
  if (focused) focusOn(focused.id, focused.closest("article")?.id ?? "");
  byId("new-card").className = cards.length > 0 ? "small" : "primary";
  byId("empty").hidden = cards.length > 0;
  tick();
}
