import { enter, lookAtThePage, make, newest, settle, type } from "./run-element.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { forget, vaults } from "./fake-vault.js";

const early = document.createElement("card-pin");
Object.assign(early, { controlIdProvider: async () => "early", tzpkUrl: "/tzpk", setUrl: "/set", wasmUrl: "/core.wasm" });
document.body.append(early);
const { CardPin, CardPinError } = await import("../card-pin.js");

test("properties that were set before the element was defined count", async () => {
  await settle();
  assert.ok(early instanceof CardPin);
  assert.equal(early.getAttribute("tzpk-url"), "/tzpk");
  assert.equal(early.wasmUrl, "/core.wasm");
  assert.ok(!Object.hasOwn(early, "controlIdProvider"));
  assert.equal(newest().open.setUrl, "https://issuer.example/set");
});

test("a PIN is set", async () => {
  const { pad, names } = await make({}, { controlIdProvider: async () => "token" });
  newest().becomeReady();
  await enter(pad, [..."48264826", "Enter"]);
  newest().ask();
  await settle();
  assert.deepEqual(newest().heard.at(-1), { controlId: "token" });
  newest().end(null);
  assert.equal(names().filter((name) => name === "pin_valid").length, 8);
  assert.deepEqual(names().slice(-2), ["submitting", "set_pin_success"]);
  const isConcealed = (name) => pad.shadowRoot.querySelector(`[part=${name}]`).hasAttribute("data-concealed");
  assert.deepEqual(["keys", "dots", "picture"].map(isConcealed), [true, true, false]);
});

test("a page that renders again loses no digit", async () => {
  const { pad, told } = await make({}, { controlIdProvider: async () => "one" });
  pad.addEventListener("pin_valid", () => (pad.controlIdProvider = async () => "another"));
  await enter(pad, "4826");
  assert.deepEqual(told.filter(({ event }) => event === "pin_valid").map(({ digits }) => digits), [1, 2, 3, 0]);
  assert.equal(vaults.length, 1);
});

test("a page that sets the attributes to what they are leaves the keys under the thumb, in their order", async () => {
  const { pad } = await make({ keypad: "shuffled", lang: "en" }, { controlIdProvider: async () => "one" });
  const keys = () => [...pad.shadowRoot.querySelectorAll("[part=key]")];
  const before = keys();
  for (const name of pad.getAttributeNames()) pad.setAttribute(name, pad.getAttribute(name));
  await settle();
  assert.ok(before.length === 11 && keys().every((key, place) => key === before[place]));
  pad.setAttribute("keypad", "fixed");
  assert.notEqual(keys()[0], before[0]);
});

test("a provider that is taken away and given again leaves what a session has come to", async () => {
  const { pad } = await make({}, { controlIdProvider: async () => "token" });
  const buttons = () => [...pad.shadowRoot.querySelectorAll("[part=foot] > button:not([data-concealed])")].map(({ textContent }) => textContent);
  newest().end("network", true);
  await settle();
  assert.deepEqual(buttons(), ["Try again", "Back to your bank"]);
  pad.controlIdProvider = undefined;
  assert.deepEqual(buttons(), ["Back to your bank"], "there is no provider to ask");
  pad.controlIdProvider = async () => "token";
  await settle();
  assert.deepEqual(buttons(), ["Try again", "Back to your bank"]);
  assert.equal(vaults.length, 1);
});

test("the first provider starts a session after one that had a control id", async () => {
  const { pad } = await make({ "control-id": "first" });
  newest().end("network", true);
  await settle();
  pad.controlIdProvider = async () => "token";
  await settle();
  assert.deepEqual([vaults.length, newest().open.controlId], [2, null]);
});

test("the newest provider is the one that is asked", async () => {
  const { pad } = await make({}, { controlIdProvider: async () => "old" });
  newest().becomeReady();
  await enter(pad, [..."48264826", "Enter"]);
  pad.controlIdProvider = async () => "new";
  newest().ask();
  await settle();
  assert.deepEqual(newest().heard.at(-1), { controlId: "new" });
});

test("a provider that throws, or gives no text, is a control id that is missing", async () => {
  const providers = [() => { throw new Error("no"); }, async () => Promise.reject(new Error("no")), () => 7, () => undefined];
  for (const controlIdProvider of providers) {
    const { pad } = await make({}, { controlIdProvider });
    newest().becomeReady();
    await enter(pad, [..."48264826", "Enter"]);
    newest().ask();
    await settle();
    assert.deepEqual(newest().heard.at(-1), { controlId: null });
    pad.remove();
    await settle();
  }
});

/** Brings a session into each of its phases. */
const PHASES = {
  opening: async () => {},
  entry: async ({ pad }) => enter(pad, "48"),
  confirm: async ({ pad }) => enter(pad, "482648"),
  submitting: async ({ pad }) => enter(pad, [..."48264826", "Enter"]),
  "submitting, with a control id": async ({ pad }) => {
    newest().becomeReady();
    await enter(pad, [..."48264826", "Enter"]);
    newest().ask();
    await settle();
  },
  done: async ({ pad }) => {
    await PHASES["submitting, with a control id"]({ pad });
    newest().end(null);
  },
  failed: async ({ pad }) => {
    await PHASES.submitting({ pad });
    newest().end("network", true);
  },
};

/** What a page may do to a session at any time. */
const ACTS = {
  "assign the provider again": ({ pad }) => (pad.controlIdProvider = async () => "again"),
  "set the same attribute": ({ pad }) => pad.setAttribute("tzpk-url", "/tzpk"),
  "set a control id": ({ pad }) => pad.setAttribute("control-id", "other"),
  "set the same operation": ({ pad }) => pad.setAttribute("operation", "set-pin"),
  remove: ({ pad }) => pad.remove(),
  move: ({ pad }) => document.body.append(pad),
  reset: ({ pad }) => pad.reset(),
  close: ({ pad }) => pad.close(),
  crash: () => {
    newest().breaks = true;
  },
  "hide the page": () => {
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
    delete document.hidden;
  },
  "leave the page": () => window.dispatchEvent(new Event("pagehide")),
};

const SETS = "submitting, with a control id";

for (const [phase, reach] of Object.entries(PHASES)) {
  test(`whatever a page does while ${phase}, the session ends once and tells it once`, async () => {
    for (const [act, run] of Object.entries(ACTS)) {
      forget();
      const made = await make({}, { controlIdProvider: async () => "token" });
      await reach(made);
      const vault = newest();
      const before = made.ends().length;
      run(made);
      await settle();
      // A session that still runs after the page's act ends by itself.
      const survives = !["reset", "close", "remove", "leave the page"].includes(act) || (phase === SETS && ["reset", "remove"].includes(act));
      if (before === 0) {
        const endsAtOnce = !survives;
        assert.equal(made.ends().length, endsAtOnce ? 1 : 0, `${act} while ${phase}: ${JSON.stringify(made.ends())}`);
        if (endsAtOnce) assert.equal(made.ends()[0].code, phase === SETS ? "outcome_unknown" : "closed", act);
        if (act === "crash") type(made.pad, "1");
        if (!endsAtOnce && act !== "crash") vault.end("server_error", true);
        else if (act === "crash") window.dispatchEvent(new Event("pagehide"));
        await settle();
      }
      assert.equal(made.ends().length, 1, `${act} while ${phase}: ${JSON.stringify(made.ends())}`);
      made.pad.remove();
      await settle();
    }
  });
}

test("a start during a set happens after its end", async () => {
  const made = await make({}, { controlIdProvider: async () => "token" });
  await PHASES[SETS](made);
  made.pad.reset();
  await settle();
  assert.equal(vaults.length, 1);
  vaults[0].end(null);
  await settle();
  assert.deepEqual(made.ends().map(({ event }) => event), ["set_pin_success"]);
  assert.equal(vaults.length, 2, "the new start");
});

test("another control id waits for the running session's end; the same one does nothing", async () => {
  const { pad, ends } = await make({ "control-id": "first" });
  pad.setAttribute("control-id", "first");
  pad.setAttribute("control-id", "second");
  await settle();
  assert.equal(vaults.length, 1);
  newest().end("control_id_expired", true);
  await settle();
  assert.equal(vaults.length, 2);
  assert.equal(newest().open.controlId, "second");
  assert.equal(ends().length, 1);
});

test("a control id that is spent starts no other session, whatever a page does with the element", async () => {
  const spend = async (attributes) => {
    const made = await make({ "control-id": "first", ...attributes });
    newest().becomeReady();
    return made;
  };
  const moved = await spend();
  await enter(moved.pad, [..."48264826", "Enter"]);
  newest().end(null);
  moved.pad.remove();
  await settle();
  document.body.append(moved.pad);
  await settle();
  assert.deepEqual([vaults.length, moved.pad.shadowRoot.querySelector("[part=picture]").hasAttribute("data-concealed")], [1, false]);
  moved.pad.remove();
  moved.pad.setAttribute("control-id", "second");
  await settle();
  document.body.append(moved.pad);
  await settle();
  assert.equal(newest().open.controlId, "second", "another one does");

  const changed = await spend();
  changed.pad.setAttribute("control-id", "second");
  changed.pad.setAttribute("control-id", "first");
  newest().end("network", true);
  const count = vaults.length;
  await settle();
  assert.equal(vaults.length, count);

  for (const isSubmitted of [true, false]) {
    const { pad } = await spend();
    if (isSubmitted) await enter(pad, [..."48264826", "Enter"]);
    const before = vaults.length;
    pad.setAttribute("operation", "view-pin");
    if (isSubmitted) newest().end(null);
    await settle();
    assert.equal(vaults.length, before, `submitted: ${isSubmitted}`);
    pad.setAttribute("control-id", "second");
    await settle();
    assert.equal(newest().open.operation, "view-pin");
  }
});

test("a control id is spent once a public key was sent with it, and not before", async () => {
  for (const [operation, requested, sessions] of [["set-pin", true, 1], ["set-pin", false, 2], ["view-pin", false, 2]]) {
    const { pad } = await make({ "control-id": "first", operation });
    const count = vaults.length - 1;
    Object.assign(newest().session, { requested, ready: operation === "view-pin" });
    newest().tellState();
    pad.remove();
    await settle();
    document.body.append(pad);
    await settle();
    assert.equal(vaults.length - count, sessions, `${operation}, ${requested}`);
  }
});

test("an element that is moved after its end still shows it", async () => {
  for (const code of [null, "outcome_unknown"]) {
    const { pad } = await make({}, { controlIdProvider: async () => "token" });
    newest().becomeReady();
    await enter(pad, [..."48264826", "Enter"]);
    newest().ask();
    await settle();
    newest().end(code);
    await settle();
    const count = vaults.length;
    document.body.append(pad);
    await settle();
    assert.equal(vaults.length, count, "moved");
    pad.remove();
    await settle();
    document.body.append(pad);
    await settle();
    assert.equal(vaults.length, count + 1, "taken away and put back");
  }
});

test("another operation takes the place of a session that has sent nothing", async () => {
  const { pad, ends } = await make({}, { controlIdProvider: async () => "token" });
  pad.setAttribute("operation", "view-pin");
  await settle();
  assert.deepEqual(ends(), [{ event: "set_pin_error", code: "closed", retryable: true }]);
  assert.equal(newest().open.operation, "view-pin");
});

test("a PIN is shown to somebody who looks", async () => {
  const { pad, names } = await make({ operation: "view-pin" }, { controlIdProvider: async () => "token" });
  lookAtThePage();
  pad.viewPin().catch(() => {});
  await settle();
  document.hasFocus = () => false;
  newest().arrive();
  await settle();
  assert.ok(!names().includes("view_pin_success"));
  delete document.hasFocus;
  window.dispatchEvent(new Event("focus"));
  await settle();
  assert.ok(names().includes("view_pin_success"));
  document.hasFocus = () => false;
  window.dispatchEvent(new Event("blur"));
  delete document.hasFocus;
  assert.deepEqual(names().slice(-1), ["hidden"]);
});

test("an element of the name of the document's own member changes nothing", async () => {
  lookAtThePage();
  const form = document.body.appendChild(document.createElement("form"));
  // This is what a named element does in a browser. jsdom itself needs the other members.
  Object.defineProperty(document, "hidden", { value: form, configurable: true });
  try {
    const { pad, names } = await make({ operation: "view-pin" }, { controlIdProvider: async () => "token" });
    pad.viewPin().catch(() => {});
    await settle();
    newest().arrive();
    await settle();
    assert.ok(names().includes("view_pin_success"), names().join());
  } finally {
    delete document.hidden;
  }
});

test("Enter on a key is that key's; keys with nothing to do are the page's", async () => {
  const { pad } = await make({}, { controlIdProvider: async () => "token" });
  for (const key of ["Escape", "Backspace", "Delete", "Enter", "a", "Tab"]) assert.equal(type(pad, key), false, key);
  await enter(pad, "48");
  assert.equal(type(pad, "Enter", pad.shadowRoot.querySelector('[data-key="5"]')), false);
  for (const key of ["Backspace", "Escape"]) {
    assert.equal(type(pad, key), true, key);
    await settle();
  }
  assert.equal(type(pad, "Escape"), false, "there is nothing left to clear");
});

test("a submit's promise has the outcome of the session", async () => {
  const { pad } = await make();
  await assert.rejects(pad.setPin(), { code: "control_id_missing" });
  pad.controlIdProvider = async () => "token";
  pad.remove();
  await settle();
  await assert.rejects(pad.setPin(), { code: "closed" }, "it is on no page");
  document.body.append(pad);
  await settle();
  const refused = pad.setPin();
  await assert.rejects(refused, (error) => error instanceof CardPinError && error.code === "too_short");
  await enter(pad, "48264826");
  const promise = pad.setPin();
  assert.equal(pad.setPin(), promise);
  await settle();
  newest().end("outcome_unknown", false);
  await assert.rejects(promise, { code: "outcome_unknown", retryable: false });
});
