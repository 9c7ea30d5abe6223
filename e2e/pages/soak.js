// One session in a newly loaded page, with a customer who types as soon as the key is there, and types once more if asked for the
// digits again.

import { PinSession } from "./card-pin.js";

const call = async (path) => {
  const response = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
};

/** Counts that the customer does not see: workers started, key pairs searched for, and control ids asked for. */
const seen = { workers: 0, searches: 0, ids: 0 };

window.Worker = class extends Worker {
  constructor(...given) {
    super(...given);
    seen.workers += 1;
  }
};
new BroadcastChannel("searches").onmessage = () => (seen.searches += 1);

window.play = async ({ card, pin, workerUrl = "./soak.worker.js" }) => {
  const session = new PinSession({
    controlIdProvider: async () => {
      seen.ids += 1;
      return (await call(`/issuer/api/cards/${card}/set-pin`)).controlId;
    },
    tzpkUrl: "./tzpk",
    setUrl: "./set",
    workerUrl,
    timeoutMs: 20000,
  });
  await new Promise((resolve) => ["ready", "set_pin_error"].forEach((name) => session.addEventListener(name, resolve)));
  let entries = 0;
  const submit = () => {
    entries += 1;
    try {
      for (const digit of pin + pin) session.press(Number(digit));
    } catch {
      // The session has ended. The promise of the submit has its code.
    }
    return session.setPin();
  };
  const code = ({ code, message }) => code ?? message;
  let outcome = await submit().then(() => "success", code);
  if (outcome === "too_short") outcome = await submit().then(() => "success", code);
  return { outcome, entries, isolation: session.isolation, ...seen };
};
