/** Whatever a page, its customer and a server do, one after the other, each session ends once, and its end is reported once. */

import { enter, lookAtThePage, make, newest, settle } from "./run-element.js";
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { forget, vaults } from "./fake-vault.js";
import { dice } from "./numbers.js";

await import("../card-pin.js");

/** How many sequences are tried, in a second or two. */
const SEQUENCES = 150;

/** What may happen to a pad at any time. @type {Record<string, (pad: HTMLElement) => unknown>} */
const ACTS = {
  "assign a provider": (pad) => (pad.controlIdProvider = async () => "another"),
  "assign a provider that never answers": (pad) => (pad.controlIdProvider = () => new Promise(() => {})),
  "set the same attribute": (pad) => pad.setAttribute("tzpk-url", "/tzpk"),
  "set another attribute": (pad) => pad.setAttribute("tzpk-url", "/other"),
  "set a control id": (pad) => pad.setAttribute("control-id", "given"),
  "set the operation": (pad) => pad.setAttribute("operation", "set-pin"),
  "set the other operation": (pad) => pad.setAttribute("operation", "view-pin"),
  remove: (pad) => pad.remove(),
  insert: (pad) => document.body.append(pad),
  move: (pad) => {
    pad.remove();
    document.body.append(pad);
  },
  reset: (pad) => pad.reset(),
  close: (pad) => pad.close(),
  crash: () => {
    if (newest()) newest().breaks = true;
  },
  "hide the page": () => {
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
    delete document.hidden;
  },
  "leave the page": () => window.dispatchEvent(new Event("pagehide")),
  "wait longer than any deadline": () => mock.timers.tick(60_000),
  type: (pad) => enter(pad, pad.isConnected ? "48264826" : ""),
  submit: (pad) => enter(pad, pad.isConnected ? ["Enter"] : []),
  view: (pad) => {
    if (isRunning()) pad.viewPin().catch(() => {});
  },
  "the key is made": () => isRunning() && newest().becomeReady(),
  "a control id is asked for": () => isRunning("submitting") && !newest().session.sent && newest().ask(),
  "all is well until the answer": async (pad) => {
    for (const act of ["type", "the key is made", "submit", "a control id is asked for", "the PIN is sent"]) {
      await ACTS[act](pad);
      await settle();
    }
  },
  "the PIN is sent": () => isRunning("submitting") && !newest().views && hasControlId(newest()) && send(newest()),
  "the PIN arrives": () => isRunning("submitting") && newest().views && newest().arrive(),
  "the server accepts": () => isRunning("submitting") && newest().session.sent && newest().end(null),
  "the server fails": () => isRunning("submitting") && newest().end("server_error", true),
};

/** What may end a session whose PIN is on its way, besides the server. */
const ENDS_A_SET = ["close", "crash", "leave the page", "wait longer than any deadline"];

const isRunning = (stage) => {
  const vault = newest();
  return vault?.open && !vault.breaks && !vault.session.end && !vault.heard.includes("close") && (stage === undefined || vault.session.stage === stage);
};

const hasControlId = ({ open, heard }) => Boolean(open.controlId ?? heard.findLast((message) => message.controlId)?.controlId);

function send(vault) {
  vault.session.sent = true;
  vault.tellState();
}

/** Plays a sequence of `length` acts, and returns the outcome of each session. */
async function play(seed, length) {
  forget();
  lookAtThePage();
  const roll = dice(seed);
  const acts = Object.keys(ACTS);
  const operation = roll(3) === 0 ? "view-pin" : "set-pin";
  const { pad, ends } = await make({ operation }, { controlIdProvider: async () => "token" });
  const done = [operation];
  let known = vaults.length;
  let ended = 0;
  const check = () => {
    const story = `seed ${seed}: ${done.join(", ")}; ${JSON.stringify(ends())}`;
    for (; known < vaults.length; known += 1) {
      const before = vaults[known - 1];
      if (!before) continue;
      if (ends().length === ended && before.breaks) continue;
      ended += 1;
      assert.ok(ends().length >= ended, `a session was replaced without a word; ${story}`);
    }
    assert.ok(ends().length <= ended + 1, `an end was told twice; ${story}`);
  };
  for (let step = 0; step < length; step += 1) {
    // Every third sequence starts with a PIN on its way, because most sequences would not get there.
    const act = step === 0 && seed % 3 === 0 ? "all is well until the answer" : acts[roll(acts.length)];
    done.push(act);
    const [vault, count] = [newest(), ends().length];
    const wasSent = isRunning() && vault.session.sent;
    await ACTS[act](pad);
    await settle();
    check();
    const end = ends()[count];
    if (end && wasSent && !act.startsWith("the server")) {
      assert.equal(end.code, "outcome_unknown", `seed ${seed}: ${done.join(", ")}`);
      assert.ok(ENDS_A_SET.includes(act), `a set under way was cut short; seed ${seed}: ${done.join(", ")}`);
    }
    if (end?.event === "set_pin_success") assert.equal(act, "the server accepts");
  }
  pad.remove();
  window.dispatchEvent(new Event("pagehide"));
  await settle();
  check();
  const sessions = vaults.length === 0 ? 0 : ended + 1;
  assert.equal(ends().length, sessions, `seed ${seed}: ${done.join(", ")}, the end; ${JSON.stringify(ends())}`);
  document.body.replaceChildren();
  return ends();
}

test("after any sequence of acts, each session of a pad ends once and reports it once", async () => {
  const codes = new Map();
  for (let seed = 1; seed <= SEQUENCES; seed += 1) {
    for (const { event, code } of await play(seed, 12)) {
      const name = `${event} ${code ?? ""}`;
      codes.set(name, (codes.get(name) ?? 0) + 1);
    }
  }
  // Sequences that always end early would find nothing.
  for (const name of ["set_pin_success ", "set_pin_error outcome_unknown", "set_pin_error closed", "set_pin_error server_error", "hidden "]) {
    assert.ok(codes.get(name) > 0, `no session ended with ${name}: ${JSON.stringify([...codes])}`);
  }
});
