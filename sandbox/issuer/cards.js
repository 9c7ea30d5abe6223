// @ts-check
// The cards: how they look, where they are in their life, and what can be done with them.

import { listCards } from "./back-end.js";
import { dateOf, tick, timeOf } from "./clock.js";
import { byId, make, part } from "./dom.js";
import { isMade, lifeOf, newestPlastic } from "./life.js";
import { OPERATIONS, PRODUCTS, STATUS, WAYS } from "./words.js";

/** @import {Card, Operation} from "./back-end.js" */
/** @import {Step} from "./life.js" */

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
  article.dataset.cardId = card.id;
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
  part(article, ".life").setAttribute("aria-label", `The life of the card of ${card.name}`);
  part(article, ".life").append(...lifeOf(card).map(drawStep));
  part(article, ".actions").append(...actions(card));
  return article;
}

/** @param {Step} step */
function drawStep({ name, state, at, isRun }) {
  const item = make("li", { class: "step" }, make("span", { text: name }));
  item.dataset.state = state;
  if (state === "now") item.setAttribute("aria-current", "step");
  if (state === "done") item.append(make("span", { class: "visually-hidden", text: " (done)" }));
  if (isRun) {
    const time = make("span", { class: "step-time" });
    time.dataset.countdown = "";
    item.append(time);
  } else if (at && state === "done") {
    item.append(make("time", { class: "step-time", text: `${dateOf(at)}, ${timeOf(at)} UTC` }));
  }
  return item;
}

/** @param {Card} card */
function actions(card) {
  const offered = [];
  if (card.pinStatus === "W") {
    offered.push(ways(card, "set-pin"), button("random-pin", "Give it a random PIN instead", card));
  }
  if (isMade(card)) offered.push(ways(card, "view-pin"));
  else if (card.pinStatus !== "W") offered.push(make("p", { class: "hint", text: "The PIN can be viewed once the card is made." }));
  if (newestPlastic(card).status === "ACTIVE") {
    const renewals = [button("renew", "Renew with this PIN", card), button("renew-new-pin", "Renew with a new PIN", card)];
    offered.push(make("div", { class: "renewals" }, ...renewals));
  }
  return offered;
}

/** A button for each way to the PIN. @param {Card} card @param {Operation} operation */
function ways(card, operation) {
  const group = make("div", { class: "ways" });
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", `${OPERATIONS[operation].action} of the card of ${card.name}`);
  const title = make("p", { class: "ways-title", text: OPERATIONS[operation].action });
  title.setAttribute("aria-hidden", "true");
  group.append(title);
  for (const [way, { name, hint, long }] of Object.entries(WAYS)) {
    const choice = make("button", { class: "way" }, make("b", { text: name }), make("span", { text: hint }));
    choice.type = "button";
    choice.dataset.action = operation;
    choice.dataset.way = way;
    choice.title = long;
    group.append(choice);
  }
  return group;
}

/** @param {string} action @param {string} text @param {Card} card */
function button(action, text, card) {
  const made = make("button", { class: "quiet", text });
  made.type = "button";
  made.dataset.action = action;
  made.setAttribute("aria-description", `Card of ${card.name}`);
  return made;
}

/** Where the focus is in the list, so that drawing anew can put it back. */
function rememberFocus() {
  const focused = document.activeElement?.closest("button[data-action]");
  const cardId = /** @type {HTMLElement | null | undefined} */ (focused?.closest("[data-card-id]"))?.dataset.cardId;
  return () => {
    if (!cardId || document.activeElement !== document.body) return;
    focusCard(cardId);
  };
}

/** Puts the focus on a card's first button. @param {string | undefined} cardId */
export function focusCard(cardId) {
  const article = byId("cards").querySelector(`[data-card-id="${cardId}"]`);
  /** @type {HTMLElement | null | undefined} */ (article?.querySelector("button"))?.focus();
}

/** Counts the looks: an answer that was overtaken by a later one is not drawn. */
let looks = 0;

/** Asks for the cards and draws them anew. @returns {Promise<Card[]>} */
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
  const restoreFocus = rememberFocus();
  byId("cards").replaceChildren(...cards.map(draw));
  byId("empty").hidden = cards.length > 0;
  tick();
  restoreFocus();
}
