import "./page.js";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { afterEach, mock as nodeMock, test } from "node:test";

const warned = nodeMock.method(console, "warn", () => {});
const { CardPin, CardPinError, PinSession, mock } = await import("../mock.js");
const { FINAL } = await import("../mock-vault.js");
const said = warned.mock.calls.map(({ arguments: [text] }) => text);

const EVENTS = ["ready", "pin_valid", "set_pin_validation_error", "submitting", "set_pin_success", "set_pin_error", "view_pin_success", "view_pin_error", "hidden"];
const told = (target) => {
  const details = [];
  for (const name of EVENTS) target.addEventListener(name, ({ detail }) => details.push(detail));
  return details;
};
const once = (target, name) => new Promise((resolve) => target.addEventListener(name, ({ detail }) => resolve(detail), { once: true }));
const addresses = { tzpkUrl: "/tzpk", setUrl: "/set" };
const makeSession = async (options = {}) => {
  const session = new PinSession({ controlIdProvider: async () => "token", ...addresses, hints: "off", ...options });
  const details = told(session);
  await once(session, "ready");
  return { session, details };
};
const codes = (details) => details.flatMap(({ event, code, reason }) => (event === "set_pin_validation_error" ? [[code, reason]] : []));

afterEach(() => {
  mock.reset();
  document.body.replaceChildren();
});

test("it says that it sets no PIN, and each element shows it", () => {
  assert.deepEqual(said, ["card-pin/mock: a stand-in for tests and design. It sets no PIN."]);
  const pad = document.createElement("card-pin");
  assert.ok(pad instanceof CardPin);
  document.body.append(pad);
  assert.ok(pad.hasAttribute("data-mock"));
});

test("a PIN is set on the pad, with the events of the real one", async () => {
  const pad = document.createElement("card-pin");
  Object.assign(pad, addresses, { controlIdProvider: async () => "token" });
  const details = told(pad);
  document.body.append(pad);
  const { isolation } = await once(pad, "ready");
  assert.equal(isolation, "worker");
  mock.enter("48264826");
  await pad.setPin();
  assert.deepEqual(details.map(({ event }) => event), ["ready", ...Array(8).fill("pin_valid"), "submitting", "set_pin_success"]);
  assert.deepEqual(details.filter(({ pin_valid }) => pin_valid !== undefined).map(({ digits, step }) => `${step} ${digits}`), [
    ...["entry 1", "entry 2", "entry 3", "confirm 0"],
    ...["confirm 1", "confirm 2", "confirm 3", "confirm 4"],
  ]);
  assert.equal(pad.shadowRoot.querySelector("[part=prompt]").textContent, "Your PIN is set");
});

test("each code ends a session when it is asked for, with the real one's retryable", async () => {
  const source = await readFile(new URL("../../src/error.rs", import.meta.url), "utf8");
  const [, final] = /fn is_retryable[^!]*!matches!\(\s*self,([^)]*)\)/.exec(source);
  const names = [...final.matchAll(/Self::(\w+)/g)].map(([, name]) => name.replace(/\B[A-Z]/g, "_$&").toLowerCase());
  assert.deepEqual([...FINAL].sort(), names.sort());
  for (const code of ["network", "control_id_expired", "server_error", ...FINAL]) {
    mock.outcome = code;
    const session = new PinSession({ controlId: "token", ...addresses, hints: "off" });
    const end = once(session, "set_pin_error");
    const ready = once(session, "ready").then(() => {
      mock.enter("48264826");
      session.setPin().catch(() => {});
    });
    await Promise.race([ready, end]);
    assert.deepEqual(await end, { event: "set_pin_error", code, retryable: !FINAL.includes(code) });
  }
});

test("a promise is rejected as the real one's is", async () => {
  mock.outcome = "outcome_unknown";
  const { session } = await makeSession();
  mock.enter("48264826");
  await assert.rejects(session.setPin(), (error) => error instanceof CardPinError && error.code === "outcome_unknown" && !error.retryable);
});

test("entries are refused by the rules of the real one", async () => {
  const { session, details } = await makeSession({ minLength: 4, maxLength: 6 });
  session.press(1);
  session.advance();
  for (const digit of [2, 3, 4]) session.press(digit);
  session.advance();
  for (const digit of [1, 2, 3, 5]) session.press(digit);
  await assert.rejects(session.setPin(), { code: "mismatch" });
  mock.enter("4826482");
  mock.weak = "run";
  session.advance();
  await assert.rejects(session.setPin(), { code: "too_short" });
  assert.deepEqual(codes(details), [["too_short", undefined], ["mismatch", undefined], ["too_long", undefined], ["weak_pin", "run"], ["too_short", undefined]]);
});

test("a page that allows weak PINs is refused none", async () => {
  mock.weak = "run";
  const { session } = await makeSession({ weakPin: "allow", confirm: false });
  mock.enter("1234");
  await session.setPin();
  assert.equal(session.state, "done");
});

test("a provider that fails ends the session", async () => {
  const { session } = await makeSession({ controlIdProvider: async () => Promise.reject(new Error("no")) });
  mock.enter("48264826");
  await assert.rejects(session.setPin(), { code: "control_id_unavailable" });
});

test("a submit can take as long as a test wants", async () => {
  mock.delayMs = Infinity;
  const { session } = await makeSession({ controlId: "token", controlIdProvider: undefined });
  mock.enter("48264826");
  const submit = session.setPin();
  await once(session, "submitting");
  assert.equal(session.state, "submitting");
  session.close();
  await assert.rejects(submit, { code: "outcome_unknown" });
});

test("a PIN is shown while the customer looks, and can be spelt", async () => {
  document.body.append(document.createElement("button"));
  document.body.firstChild.focus();
  const session = new PinSession({ operation: "view-pin", viewUrl: "/view", controlId: "token", canvas: document.createElement("canvas"), hints: "off" });
  await once(session, "ready");
  const spelt = [];
  session.addEventListener("spell", ({ detail }) => spelt.push(detail.digit));
  await session.viewPin();
  const hidden = once(session, "hidden");
  session.spell();
  while (spelt.length < 5) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(spelt, [4, 8, 2, 6, undefined]);
  session.close();
  await hidden;
});

test("typing without a session is reported as a mistake", () => {
  assert.throws(() => mock.enter("4"), /no session runs yet/);
});

test("it does not run under the policy of a page for customers", async () => {
  const { Function } = globalThis;
  globalThis.Function = class {
    constructor() {
      throw new EvalError("Refused to evaluate a string as JavaScript");
    }
  };
  try {
    await assert.rejects(import("../mock.js?forbidden"), /does not run under a policy that forbids eval/);
  } finally {
    globalThis.Function = Function;
  }
});
