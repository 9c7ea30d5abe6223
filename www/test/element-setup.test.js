import { make, settle } from "./run-element.js";
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { loading, vaults } from "./fake-vault.js";

await import("../card-pin.js");

test("a vault that cannot be loaded is reported by its code", async () => {
  loading.failure = "network";
  const { ends } = await make({}, { controlIdProvider: async () => "token" });
  assert.deepEqual(ends(), [{ event: "set_pin_error", code: "network", retryable: true }]);
});

test("a page that requires a worker has no vault of its own", async () => {
  const { ends } = await make({ isolation: "worker" }, { controlIdProvider: async () => "token" });
  assert.deepEqual(ends(), [{ event: "set_pin_error", code: "isolation_unavailable", retryable: false }]);
  assert.equal(vaults.length, 0);
});

test("a mistake of the integrator is reported, and the pad says that it cannot be used", async () => {
  globalThis.reported.length = 0;
  const { pad } = await make({ "key-size": "1024" }, { controlIdProvider: async () => "token" });
  assert.match(globalThis.reported[0].message, /keySize/);
  assert.equal(pad.shadowRoot.querySelector("[part=prompt]").textContent, "We can't show the PIN pad");
  const leave = pad.shadowRoot.querySelector('[data-key="submit"]');
  assert.deepEqual([leave.textContent, leave.disabled], ["Back to your bank", false]);
});

test("a mistake that is corrected makes the pad usable", async () => {
  const right = { controlIdProvider: async () => "token", pinRules: { phone: "5491123" } };
  for (const [name, wrong] of [["controlIdProvider", "token"], ["pinRules", []], ["requestHeaders", 7], ["pinRules", { phones: "1" }]]) {
    globalThis.reported.length = 0;
    const { pad, told } = await make({}, { ...right, [name]: wrong });
    assert.equal(globalThis.reported.length, 1, name);
    const failed = await pad.setPin().catch((error) => error);
    assert.deepEqual([failed.code, failed.retryable], ["closed", false]);
    assert.deepEqual(told, [{ event: "set_pin_error", code: "closed", retryable: false }]);
    const count = vaults.length;
    pad[name] = right[name];
    await settle();
    assert.equal(vaults.length, count + 1, name);
    pad.remove();
    await settle();
  }
});

/** The lines in the console, once there are this many. The file with the hints is loaded for the first one. */
async function heard(count) {
  const patience = performance.now() + 60_000;
  do await settle();
  while (console.warn.mock.callCount() < count && performance.now() < patience);
  return console.warn.mock.calls.map(({ arguments: [text] }) => text);
}

test("mistakes in the markup are written to the console once, and the pad still works if it can", async () => {
  mock.method(console, "warn", () => {});
  const properties = { controlIdProvider: async () => "token" };
  const { pad } = await make({ hints: "on", minlength: "6", keypad: "random", class: "wide", "data-id": "7" }, properties);
  assert.equal(pad.shadowRoot.querySelectorAll("[part=key]").length, 11, "the keys are there");
  await make({ hints: "on", minlength: "6", keypad: "random" }, properties);
  // These pads also write once that the vault is on the page.
  const [text, ...others] = (await heard(2)).filter((told) => /markup/.test(told));
  assert.match(text, /minlength.*min-length/);
  assert.match(text, /keypad has to be fixed, shuffled or none/);
  assert.deepEqual(others, []);
});

test("a pad without a control id or provider writes a hint after a second, unless hints are off", async () => {
  mock.method(console, "warn", () => {});
  await make();
  const { pad } = await make({ hints: "on" });
  mock.timers.tick(900);
  assert.deepEqual(await heard(0), []);
  mock.timers.tick(1000);
  const texts = await heard(1);
  assert.equal(texts.length, 1);
  assert.match(texts[0], /neither a control-id nor a controlIdProvider/);
  pad.controlIdProvider = async () => "token";
  await settle();
  assert.equal(vaults.length, 1, "it starts all the same");
});

test("a customer who waits for a control id hears it, and is asked for patience", async () => {
  const { pad } = await make();
  const said = () => pad.shadowRoot.querySelector("[part=status]").textContent;
  assert.equal(said(), "Getting ready…");
  mock.timers.tick(3000);
  assert.equal(said(), "Still working. Please keep this page open.");
  pad.setAttribute("control-id", "token");
  await settle();
  assert.equal(said(), "Step 1 of 2. Choose your PIN.");
});

test("a pad that was not set up correctly starts when it is", async () => {
  const { pad } = await make({ "tzpk-url": "" }, { controlIdProvider: async () => "token" });
  assert.equal(vaults.length, 0);
  pad.tzpkUrl = "/tzpk";
  await settle();
  assert.equal(vaults.length, 1);
});
