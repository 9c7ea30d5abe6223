// @ts-check
// The issuer's app. It asks its back-end for a control id, opens the hosted page as a mobile web view does (a form POST),
// and listens to the page's events. It never sees a digit of the PIN.

/** @typedef {{id: string, product: string, name: string, maskedCardNumber: string, pinStatus: "W" | "S" | "D"}} Card */

const STATUS_WORDS = { W: "Waiting for PIN", S: "PIN set", D: "Random PIN" };
/** @type {Record<string, string>} */
const PRODUCT_WORDS = { MC_CARD: "Credit", DEBIT_MC: "Debit", VISA_CARD: "Credit" };
const TONES = 5;
const CLOSE_AFTER_MS = 2500;
const HOLDERS = [
  ["Ada", "Lindqvist"], ["Bruno", "Castell"], ["Chiara", "Moretti"], ["Dilan", "Yildiz"], ["Edith", "Novak"],
  ["Farid", "Haddad"], ["Greta", "Solberg"], ["Henri", "Laine"], ["Inés", "Duarte"], ["Jonas", "Weber"],
];
const ERROR_WORDS = {
  control_id_expired: "The page was open for too long.",
  already_used: "This attempt was already used.",
  network: "The connection was lost.",
  timeout: "The answer took too long.",
  outcome_unknown: "The connection was lost while the PIN was being sent.",
  wasm_unavailable: "This browser cannot run the PIN page.",
};

/** @template {HTMLElement} [T=HTMLElement] @param {string} id @returns {T} */
const byId = (id) => /** @type {T} */ (document.getElementById(id));

const dialog = /** @type {HTMLDialogElement} */ (byId("web-view"));
const outcome = byId("outcome");
const outcomeAction = /** @type {HTMLButtonElement} */ (byId("outcome-action"));

/** The web view that is open. @type {{cardId: string, frame: HTMLIFrameElement} | null} */
let webView = null;
/** @type {number | undefined} */
let closing;

// ---- the back-end

/** Calls the back-end; rejects with a sentence for the customer. @param {string} path @param {RequestInit} [init] */
async function call(path, init) {
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

/** @param {string} path @param {object} body */
const post = (path, body) =>
  call(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** Says something in the live region; an empty text clears it. @param {string} text @param {"plain" | "error"} [kind] */
function say(text, kind = "plain") {
  const message = byId("message");
  message.textContent = text;
  message.classList.toggle("error", kind === "error");
}

/** Runs the work of a button, once at a time, and puts failures into words. @param {HTMLButtonElement} button @param {() => Promise<void>} work */
async function run(button, work) {
  if (button.getAttribute("aria-disabled") === "true") return;
  // Not `disabled`, which would take the focus away.
  button.setAttribute("aria-disabled", "true");
  try {
    say("");
    await work();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), "error");
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

// ---- the cards

/** @param {string} masked as in 555555******1234 */
const grouped = (masked) => masked.replaceAll("*", "•").replace(/(.{4})(?=.)/g, "$1 ");

/** The same card always has the same colour. @param {string} id */
const tone = (id) => Number.parseInt(id.slice(0, 4), 16) % TONES;

/** @param {HTMLTemplateElement} template */
const stamp = (template) => /** @type {HTMLElement} */ (template.content.cloneNode(true)).firstElementChild;

/** @param {Card} card */
function draw(card) {
  const article = /** @type {HTMLElement} */ (stamp(byId("card-template")));
  const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (article.querySelector(name));
  article.dataset.cardId = card.id;
  article.classList.add(`tone-${tone(card.id)}`);
  part(".status").dataset.pinStatus = card.pinStatus;
  part(".status").textContent = STATUS_WORDS[card.pinStatus] ?? card.pinStatus;
  part(".number").textContent = grouped(card.maskedCardNumber);
  part(".number").setAttribute("aria-label", `Card number ending in ${card.maskedCardNumber.slice(-4)}`);
  part(".holder").textContent = card.name;
  part(".product").textContent = PRODUCT_WORDS[card.product] ?? card.product;
  if (card.pinStatus === "W") {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "primary wide";
    button.dataset.action = "set-pin";
    button.textContent = "Set PIN";
    button.setAttribute("aria-label", `Set PIN of the card of ${card.name}`);
    part(".actions").append(button);
  }
  if (card.pinStatus === "S") part(".actions").append(/** @type {Element} */ (stamp(byId("tool-template"))));
  return article;
}

/** Asks for the cards and draws them anew. @returns {Promise<Card[]>} */
async function refresh() {
  const list = byId("cards");
  list.setAttribute("aria-busy", "true");
  try {
    /** @type {{cards: Card[]}} */
    const { cards } = await call("/issuer/api/cards");
    list.replaceChildren(...cards.map(draw));
    byId("empty").hidden = cards.length > 0;
    return cards;
  } finally {
    list.setAttribute("aria-busy", "false");
  }
}

async function newCard() {
  const [firstName, lastName] = HOLDERS[Math.floor(Math.random() * HOLDERS.length)];
  await post("/issuer/api/cards", { firstName, lastName });
  await refresh();
  say(`The card of ${firstName} ${lastName} is made. It waits for its PIN.`);
}

/** @param {HTMLElement} article */
async function reveal(article) {
  const { pin } = await call(`/sandbox/cards/${article.dataset.cardId}/pin`);
  const output = /** @type {HTMLElement} */ (article.querySelector(".revealed"));
  output.textContent = pin;
}

// ---- the web view

/** Opens the hosted page for a card, with a new control id. @param {string} cardId */
async function setPin(cardId) {
  const { controlId, pinUrl } = await post(`/issuer/api/cards/${cardId}/set-pin`, {});
  const frame = document.createElement("iframe");
  frame.name = "web-view";
  frame.title = "Set your PIN";
  frame.referrerPolicy = "no-referrer";
  frame.addEventListener("load", () => frame.focus());
  outcome.hidden = true;
  window.clearTimeout(closing);
  byId("frame-place").replaceChildren(frame);
  byId("web-view-address").textContent = new URL(pinUrl).host;
  webView = { cardId, frame };
  if (!dialog.open) dialog.showModal();
  submit(pinUrl, controlId);
}

/** What a mobile web view does: a form POST whose answer is the page. @param {string} pinUrl @param {string} controlId */
function submit(pinUrl, controlId) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = pinUrl;
  form.target = "web-view";
  form.hidden = true;
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = "controlId";
  field.value = controlId;
  form.append(field);
  document.body.append(form);
  form.submit();
  form.remove();
}

/** @param {{state: "done" | "failed", text: string, detail?: string, action: string, act: () => void}} result */
function showOutcome({ state, text, detail = "", action, act }) {
  outcome.dataset.state = state;
  outcome.hidden = false;
  byId("outcome-text").textContent = text;
  byId("outcome-detail").textContent = detail;
  outcomeAction.textContent = action;
  outcomeAction.onclick = act;
  outcomeAction.focus();
}

/** @param {string} cardId */
async function succeeded(cardId) {
  showOutcome({ state: "done", text: "PIN set", action: "Done", act: () => dialog.close() });
  closing = window.setTimeout(() => dialog.close(), CLOSE_AFTER_MS);
  await refresh();
  say("The PIN is set.");
  byId("cards").querySelector(`[data-card-id="${cardId}"]`)?.scrollIntoView({ block: "nearest" });
}

/** @param {string} cardId @param {unknown} code */
async function failed(cardId, code) {
  // Whatever the page knows, the issuer has the last word: the answer to a PIN that was taken may have got lost.
  const cards = await refresh();
  if (cards.find((card) => card.id === cardId)?.pinStatus === "S") return succeeded(cardId);
  showOutcome({
    state: "failed",
    text: "The PIN was not set",
    detail: ERROR_WORDS[/** @type {keyof typeof ERROR_WORDS} */ (code)] ?? "Something went wrong on the way.",
    action: "Start again",
    act: () => run(outcomeAction, () => setPin(cardId).catch(inDialog)),
  });
}

/** A failure while the dialog covers the page is said in the dialog. @param {unknown} error */
function inDialog(error) {
  const detail = error instanceof Error ? error.message : String(error);
  if (outcome.hidden) {
    showOutcome({ state: "failed", text: "Something went wrong", detail, action: "Close", act: () => dialog.close() });
  } else {
    byId("outcome-detail").textContent = detail;
  }
}

window.addEventListener("message", (event) => {
  if (event.origin !== window.location.origin || !webView || event.source !== webView.frame.contentWindow) return;
  const { cardId } = webView;
  switch (event.data?.event) {
    case "set_pin_success":
      succeeded(cardId).catch(inDialog);
      break;
    case "set_pin_error":
      failed(cardId, event.data.code).catch(inDialog);
      break;
  }
});

dialog.addEventListener("close", () => {
  // An emptied frame ends the page's session, and with it everything that it held.
  const cardId = webView?.cardId;
  webView = null;
  window.clearTimeout(closing);
  byId("frame-place").replaceChildren();
  outcome.hidden = true;
  const article = byId("cards").querySelector(`[data-card-id="${cardId}"]`);
  /** @type {HTMLElement | null | undefined} */ (article?.querySelector("button"))?.focus();
});

// ---- buttons

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (!button) return;
  const article = /** @type {HTMLElement | null} */ (button.closest("[data-card-id]"));
  if (button.id === "new-card") run(button, newCard);
  if (button.dataset.action === "close") dialog.close();
  if (button.dataset.action === "set-pin" && article) run(button, () => setPin(article.dataset.cardId ?? ""));
  if (button.dataset.action === "reveal" && article) run(button, () => reveal(article));
});

refresh().catch((error) => say(error.message, "error"));

export {};
