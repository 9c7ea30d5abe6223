// A back-end for <card-pin>, in Node 20 without packages: `node gateway.mjs`.
import { createServer } from "node:http";

const { ENFUCE = "http://127.0.0.1:8080", ENFUCE_USER = "sandbox", ENFUCE_PASSWORD = "sandbox", PORT = "3000" } = process.env;
const authorization = `Basic ${btoa(`${ENFUCE_USER}:${ENFUCE_PASSWORD}`)}`;
const asJson = { "content-type": "application/json" };

/** Nothing is sent twice. A redirect or a late answer is a failure. */
async function enfuce(path, body) {
  const options = { method: body ? "POST" : "GET", headers: { authorization, ...asJson }, body };
  const limits = { redirect: "error", signal: AbortSignal.timeout(8000) };
  const response = await fetch(`${ENFUCE}${path}?auditUser=gateway`, { ...options, ...limits });
  return { status: response.status, headers: asJson, body: await response.text() };
}

async function ask(path, body) {
  const answer = await enfuce(path, body && JSON.stringify(body));
  if (answer.status >= 300) throw new Error(`Enfuce answered with ${answer.status}`);
  return JSON.parse(answer.body);
}

/** The card of the customer who is signed in: put your own sign-in here. Only the sandbox gives a new card to anybody. */
async function cardOf(request) {
  if (new URL(ENFUCE).hostname !== "127.0.0.1") return undefined;
  return (await ask("/card/v4/MC_CARD/customer/1/account/1/MAIN", { pinStatus: "W" })).id;
}

async function controlId(request) {
  const card = await cardOf(request);
  if (!card) return { status: 401 };
  const plastic = (await ask(`/card/v3/${card}/plastic`)).find(({ status }) => status === "INACTIVE");
  if (!plastic) return { status: 409 };
  return { status: 200, body: (await ask(`/pincontrol/v2/plastic/${plastic.id}`, { scope: "SET_PIN" })).id };
}

/** Passes the pad's requests on unchanged. If Enfuce refuses this gateway's password (401), that is not the customer's fault. */
const pass = (path) => async (request) => {
  if (request.headers["content-type"] !== "application/json") return { status: 415 };
  let body = "";
  for await (const chunk of request) if ((body += chunk).length > 65536) return { status: 413 };
  const answer = await enfuce(path, body);
  return answer.status === 401 ? { status: 502 } : answer;
};

const calls = { "/my/control-id": controlId, "/pin/tzpk": pass("/pin/v3/set/tzpk"), "/pin/set": pass("/pin/v3/set") };
createServer(async (request, response) => {
  const call = request.method === "POST" && Object.hasOwn(calls, request.url) ? calls[request.url] : () => ({ status: 404 });
  // Without an answer it is not known whether the PIN is set: 502 says so.
  const failed = (error) => (console.error(error.message), { status: 502 });
  const { status, headers, body } = await Promise.resolve(request).then(call).catch(failed);
  response.writeHead(status, { "cache-control": "no-store", connection: "close", ...headers }).end(body);
}).listen(Number(PORT), "127.0.0.1", () => console.log(`The gateway listens on port ${PORT}.`));
