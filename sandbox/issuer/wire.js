// @ts-check
// The messages of the last session between the four parties, in order.

import { get } from "./back-end.js";
import { byId, counted, make } from "./dom.js";
import { WHAT, byteCount, fieldsOf, shortened } from "./wire-fields.js";

/** @import {Field, Message} from "./wire-fields.js" */
/**
 * @typedef {object} Recorded a request in `GET /sandbox/wire`
 * @property {number} step
 * @property {string | null} from
 * @property {string | null} to
 * @property {string} method
 * @property {string} path
 * @property {string} query
 * @property {Record<string, string>} headers
 * @property {string} body
 * @property {{step: number, status: number | null, body: string} | null} answer
 */

const LANES = ["device", "issuer", "relay", "enfuce"];
/** @type {Record<string, string>} */
const PARTIES = { device: "Device", issuer: "Issuer", relay: "Relay", enfuce: "Enfuce" };
/** The issuer's back-end asks Enfuce for a control id, for a page of Enfuce's. */
const FOR_ENFUCE_PAGE = /^\/issuer\/api\/cards\/([^/]+)\/(set|view)-pin$/;
/** The customer signs in, and then asks the relay for one, for a page of the issuer's. */
const SIGN_IN = "/idp/token";
const FOR_OWN_PAGE = "/relay/control-id";

/** The messages that are drawn, so that unchanged ones are not drawn again while somebody uses them. */
let drawn = "";
/** The card of the session that is drawn. @type {string | undefined} */
let cardId;

/** The messages from the start of the last session, without the requests for the list of cards. @param {Recorded[]} all */
function lastSession(all) {
  const start = all.findLastIndex(({ path }) => FOR_ENFUCE_PAGE.test(path) || path === SIGN_IN);
  if (start < 0) return [];
  const session = all.slice(start).filter(({ from, to }) => from && to);
  const looks = session.filter(({ method, path }) => method === "GET" && path === "/issuer/api/cards");
  return session.filter(
    ({ step }) => !looks.some((look) => step >= look.step && step <= (look.answer?.step ?? Number.MAX_SAFE_INTEGER)),
  );
}

/** The card of the session, which is unknown until a control id is asked for. @param {Recorded[]} session @returns {string | undefined} */
function cardOf(session) {
  const asked = session.find(({ path }) => path === FOR_OWN_PAGE);
  return asked ? fieldsOf(asked.body, "", asked.path).find(({ name }) => name === "cardId")?.value : FOR_ENFUCE_PAGE.exec(session[0]?.path ?? "")?.[1];
}

/** @param {Recorded} request @returns {Message[]} */
function messages(request) {
  const { step, method, path, query, headers, body, answer } = request;
  const [from, to] = [request.from ?? "", request.to ?? ""];
  const fields = fieldsOf(body, headers["content-type"] ?? "", path);
  if (headers.authorization) fields.unshift({ name: "authorization", value: headers.authorization, kind: "elided", what: "credentials" });
  const line = `${method} ${path}${query && `?${query}`}`;
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const whole = [line, ...head, "", body].join("\n").trim();
  const asked = /** @type {const} */ ({ step, from, to, direction: "request", title: withShortIds(line), whole, fields, isFailure: false });
  if (!answer) return [asked];
  return [asked, answered(request, answer)];
}

/** @param {Recorded} request @param {NonNullable<Recorded["answer"]>} answer @returns {Message} */
function answered({ from, to, path }, { step, status, body }) {
  const title = status === null ? "the connection is cut" : String(status);
  return {
    step,
    from: to ?? "",
    to: from ?? "",
    direction: "answer",
    title,
    whole: `${title}\n\n${body}`.trim(),
    fields: fieldsOf(body, "", path),
    isFailure: status === null || status >= 400,
  };
}

/** An address with shortened ids. @param {string} address */
const withShortIds = (address) => address.replace(/([0-9a-f]{8})-[0-9a-f-]{27}/g, "$1…");

/** @param {Message} message */
function draw({ from, to, direction, title, whole, fields, isFailure }) {
  const ends = [LANES.indexOf(from), LANES.indexOf(to)];
  const [left, right] = [Math.min(...ends), Math.max(...ends)];
  const arrow = make("span", { class: "arrow" });
  arrow.setAttribute("aria-hidden", "true");
  // Eight half lanes: an arrow goes from the middle of one lane to the middle of another.
  arrow.style.gridColumn = `${2 * left + 2} / ${2 * right + 2}`;
  arrow.dataset.points = ends[0] < ends[1] ? "right" : "left";
  const parties = make("span", { class: "visually-hidden", text: `${PARTIES[from]} to ${PARTIES[to]}: ` });
  const summary = make("summary", { class: "note-title" }, parties, title);
  const note = make("div", { class: "note" }, make("details", {}, summary, make("pre", { text: whole })));
  note.style.setProperty("--lanes", `${2 * left + 1} / ${2 * right + 3}`);
  if (fields.length > 0) note.append(make("dl", { class: "fields" }, ...fields.map(drawField)));
  const item = make("li", { class: "message-item" }, arrow, note);
  item.dataset.direction = direction;
  item.dataset.failure = String(isFailure);
  return item;
}

/** @param {Field} field */
function drawField({ name, value, kind, what }) {
  const shown = make("code", { text: shortened(value) });
  const description = make("dd", {}, shown);
  if (kind !== "plain") {
    const count = kind === "token" || kind === "elided" ? "" : byteCount(value);
    const tag = make("span", { class: "tag", text: count ? `${what}, ${count}` : what });
    tag.dataset.kind = kind;
    description.append(" ", tag);
  }
  return make("div", {}, make("dt", { text: name }), description);
}

/** @param {Message[]} session */
function summary(session) {
  if (session.length === 0) return "Set or view a PIN to see its messages here.";
  const kinds = session.flatMap(({ fields }) => fields.map(({ what }) => what));
  // A relay passes values on: the same value is marked in each message that contains it.
  const count = (/** @type {string} */ what, /** @type {string} */ thing) => counted(kinds.filter((kind) => kind === what).length, thing);
  const parts = [count(WHAT.publicKey, "public key"), count(WHAT.tzpk, "wrapped key"), count(WHAT.pinBlock, "encrypted PIN block")];
  return `${counted(session.length, "message")}: ${parts.join(", ")}. Only the device and the HSM can decrypt them.`;
}

/** Counts the requests: an answer that was overtaken by a later one is not drawn. */
let looks = 0;

export async function refreshWire() {
  const look = ++looks;
  /** @type {{requests: Recorded[]}} */
  const { requests } = await get("/sandbox/wire");
  if (look !== looks) return;
  const session = lastSession(requests);
  const image = JSON.stringify(session);
  if (image === drawn) return;
  drawn = image;
  const id = cardOf(session);
  if (id !== cardId) byId("revealed").textContent = "";
  cardId = id;
  const sequence = session.flatMap(messages).sort((a, b) => a.step - b.step);
  const list = byId("messages");
  const hasGrown = list.childElementCount > 0 && sequence.length > list.childElementCount;
  list.replaceChildren(...sequence.map(draw));
  const view = /** @type {HTMLElement} */ (list.parentElement);
  view.scrollTop = hasGrown ? view.scrollHeight : 0;
  byId("wire-summary").textContent = summary(sequence);
  byId("hsm").hidden = !cardId;
}

/** Shows the PIN that the HSM decrypted for the card of the session. */
export async function reveal() {
  const { pin } = await get(`/sandbox/cards/${cardId}/pin`);
  byId("revealed").textContent = pin;
}
