// The vault's port without the page's code: starts a worker as the page does, and can send any message to it.

export const core = () => new URL("./card_pin_bg.wasm", location.href).href;

/** The message that opens a session, with `changes` to its fields. */
export const open = (changes = {}) => ({ open: { ...goodOptions(), ...changes } });

const goodOptions = () => ({
  operation: "set-pin",
  controlId: null,
  tzpkUrl: new URL("./tzpk", location.href).href,
  setUrl: new URL("./set", location.href).href,
  viewUrl: new URL("./view", location.href).href,
  statusUrl: null,
  minLength: 4,
  maxLength: 4,
  confirm: true,
  weakPin: "reject",
  birthDate: null,
  knownNumbers: [],
  keySize: 2048,
  pinBlockFormats: [1, 4],
  credentials: "omit",
  requestHeaders: [],
  timeoutMs: 600_000,
});

/** Messages with the right form that ask for something impossible. */
export const impossible = () => [
  ...[0, 3, 13, 255].map((minLength) => open({ minLength })),
  ...[3, 13].map((maxLength) => open({ maxLength })),
  ...[0, 1024, 2047, 65535].map((keySize) => open({ keySize })),
  ...[[], [2], [1, 4, 9]].map((pinBlockFormats) => open({ pinBlockFormats })),
  ...["", "1987", "1987-04-23", "x9870423"].map((birthDate) => open({ birthDate })),
  ...["+46", "1".repeat(35)].map((number) => open({ knownNumbers: ["4826", number] })),
  ...[0, 600_001].map((timeoutMs) => open({ timeoutMs })),
];

/** Values that are not messages to a vault that has its core. */
export function malformed() {
  const cyclic = {};
  cyclic.press = cyclic;
  const names = ["press", "controlId", "color", "open"];
  const wrongDigits = [
    ...[undefined, null, 10, -1, 1.5, 256, 2 ** 32, 2 ** 53, NaN, Infinity],
    ...["1", "", true, 4n, [4], { valueOf: 4 }, new Array(1e5).fill(4), new Uint8Array([4])],
  ];
  return [
    ...[undefined, null, true, 7, NaN, 10n, "", "open", "press", "Erase", "__proto__", "x".repeat(500_000)],
    ...[[], ["press"], ["erase"], {}, new Date(), new Map([["press", 4]]), /press/, new Uint8Array(1 << 10), new Error("press"), cyclic],
    ...["", "Press", "prototype", "constructor", "__proto__", "toString", "state", "ask"].map((name) => Object.fromEntries([[name, 4]])),
    ...["erase", "clear", "forget", "confirm", "advance", "suggest", "submit", "reveal", "spell", "ping", "close"].flatMap((name) =>
      [undefined, null, {}, true].map((content) => ({ [name]: content })),
    ),
    ...wrongDigits.map((press) => ({ press })),
    { press: 1, erase: null },
    { press: 1, digit: 1 },
    ...[7, {}, ["token"], true].map((controlId) => ({ controlId })),
    ...[undefined, null, 7, {}, new Blob()].map((color) => ({ color })),
    ...names.map((name) => ({ [name]: cyclic })),
    { open: null },
    open({ more: 4 }),
    ...Object.keys(goodOptions()).flatMap((name) => {
      const options = goodOptions();
      delete options[name];
      const withOther = (value) => open({ [name]: value });
      // A text that is missing may be left out.
      const without = ["controlId", "statusUrl", "birthDate"].includes(name) ? [] : [{ open: options }];
      return [...without, withOther({ toString: "4" }), withOther([{}]), withOther(-1)];
    }),
    ...["operation", "weakPin", "credentials"].map((name) => open({ [name]: "__proto__" })),
  ];
}

/** Starts a vault whose messages are recorded in `told`; `until` waits for one. */
export function start() {
  const worker = new Worker("./card-pin.worker.js", { type: "module" });
  const told = [];
  let wake = () => {};
  worker.onmessage = ({ data }) => {
    told.push(data);
    wake();
  };
  worker.onerror = ({ message }) => {
    told.push({ broken: message });
    wake();
  };
  const isEnd = ({ closed, broken }) => closed || broken;
  // This comes before the driver's time-out, which could not say what was missing.
  setTimeout(() => {
    told.push({ broken: "it took too long" });
    wake();
  }, 100_000);
  const until = async (condition, isLast = isEnd) => {
    for (;;) {
      const found = told.find(condition);
      if (found) return found;
      if (told.some(isLast)) throw new Error(`in vain for ${condition}: ${JSON.stringify(told)}`);
      await new Promise((resolve) => (wake = resolve));
    }
  };
  return {
    worker,
    told,
    until,
    untilSession: (condition) =>
      until(
        ({ state }) => state && condition(state.session),
        (message) => isEnd(message) || message.state?.session.stage === "ended",
      ),
    post: (...messages) => messages.forEach((message) => worker.postMessage(message)),
  };
}

/** Whether anything is drawn on the canvas. */
function ink(canvas) {
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = copy.getContext("2d");
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, copy.width, copy.height).data.some((value) => value > 0);
}

/** Waits until something is drawn on the canvas, or until `isBroken` says that this is in vain. */
const drawn = async (canvas, isBroken) => {
  while (!ink(canvas)) {
    if (isBroken()) throw new Error("nothing is drawn");
    await new Promise((resolve) => {
      requestAnimationFrame(resolve);
      // A browser draws no frames if it considers the page hidden.
      setTimeout(resolve, 250);
    });
  }
};

/** Makes another worker draw, and waits until its drawing is visible: everything that was drawn before is then visible, too. */
const drawElsewhere = async (isBroken) => {
  const element = document.body.appendChild(document.createElement("canvas"));
  const canvas = element.transferControlToOffscreen();
  const worker = new Worker("./drawing.worker.js");
  worker.postMessage(canvas, [canvas]);
  await drawn(element, isBroken);
  worker.terminate();
};

/**
 * Shows a PIN in a session that got two canvases. Returns which of them have a drawing before and after the page says that the
 * customer looks, and the vault's messages.
 */
export async function showOnOne(controlId) {
  const { worker, told, until, untilSession, post } = start();
  post(core(), ...malformed(), open({ operation: "view-pin", controlId }), ...malformed(), "submit");
  await untilSession(({ stage }) => stage === "submitting");
  const canvases = [0, 1].map(() => document.body.appendChild(document.createElement("canvas")));
  for (const element of canvases) {
    const canvas = element.transferControlToOffscreen();
    post({ color: "black" });
    worker.postMessage(canvas, [canvas]);
  }
  await untilSession(({ stage }) => stage === "arrived");
  // The digits are not spelt either before the customer looks.
  post(...malformed(), { press: 1 }, "submit", "spell", "ping");
  await until(({ state }) => state?.taken === 5);
  const isBroken = () => told.some(({ broken }) => broken);
  await drawElsewhere(isBroken);
  const before = canvases.map((canvas) => ink(canvas));
  post("reveal", ...malformed(), "reveal", "spell");
  await until((message) => message.spell);
  await drawn(canvases[0], isBroken);
  await drawElsewhere(isBroken);
  const after = canvases.map((canvas) => ink(canvas));
  post("close", ...malformed());
  await until((message) => message.closed);
  worker.terminate();
  return { before, after, told: told.filter((message) => !message.spell) };
}
