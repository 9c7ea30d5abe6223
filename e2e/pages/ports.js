// The vault's port by itself: a worker as the page starts it, and whatever one may send to it.

/** What is no message to a vault, whatever it is. */
export function malformed() {
  const cyclic = { do: "press" };
  cyclic.digit = cyclic;
  const config = goodConfig();
  return [
    ...[undefined, null, true, 7, NaN, 10n, "", "open", "x".repeat(5_000_000)],
    ...[[], ["press"], {}, new Date(), new Map([["do", "press"]]), /press/, new Uint8Array(1 << 20), new Error("press"), cyclic],
    ...[undefined, null, 7, "", "Press", "prototype", "constructor", "__proto__", "toString", "event", ["press"], { press: 1 }].map(
      (unknown) => ({ do: unknown, digit: 4 }),
    ),
    ...[undefined, null, 10, -1, 1.5, 256, 2 ** 32, 2 ** 53, NaN, Infinity, "1", "", true, 4n, [4], { valueOf: 4 }, new Array(1e6).fill(4)].map(
      (digit) => ({ do: "press", digit }),
    ),
    ...[7, null, {}, ["token"], true].map((controlId) => ({ do: "controlId", controlId })),
    ...[undefined, null, {}, "canvas", new Blob()].map((canvas) => ({ do: "canvas", canvas, color: "red" })),
    { do: "open" },
    { do: "open", config: null, wasm: "./card_pin_bg.wasm" },
    { do: "open", config, wasm: 7 },
    { do: "open", config, wasm: {} },
    ...Object.keys(config).map((name) => ({ do: "open", config: { ...config, [name]: { toString: "4" } }, wasm: "./card_pin_bg.wasm" })),
    ...["minLength", "timeoutMs", "keySize"].map((name) => ({ do: "open", config: { ...config, [name]: -1 }, wasm: "./card_pin_bg.wasm" })),
  ];
}

export const goodConfig = () => ({
  view: false,
  controlId: undefined,
  tzpkUrl: new URL("./tzpk", location.href).href,
  setUrl: new URL("./set", location.href).href,
  viewUrl: new URL("./view", location.href).href,
  minLength: 4,
  maxLength: 4,
  confirm: true,
  rejectWeakPin: true,
  timeoutMs: 10_000,
  keySize: 2048,
});

/** A vault whose messages are kept in `told`; `until` waits for one. */
export function start(script = "./card-pin.worker.js") {
  const worker = new Worker(script, { type: "module" });
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
  const until = async (condition) => {
    for (;;) {
      const found = told.find(condition);
      if (found) return found;
      if (told.some((message) => "broken" in message)) throw new Error(`the vault broke: ${JSON.stringify(told)}`);
      await new Promise((resolve) => (wake = resolve));
    }
  };
  return { worker, told, until, post: (...messages) => messages.forEach((message) => worker.postMessage(message)) };
}

/** Whether anything is drawn there. */
function ink(canvas) {
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = copy.getContext("2d");
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, copy.width, copy.height).data.some((value) => value > 0);
}

/** Shows a PIN with two canvases given: which of them are drawn on, and what was told. */
export async function showOnOne(controlId) {
  const { worker, told, until, post } = start("./card-pin.view.worker.js");
  await until((message) => message.started);
  const config = { ...goodConfig(), view: true, controlId };
  post(...malformed(), { do: "open", config, wasm: new URL("./card_pin_bg.wasm", location.href).href }, ...malformed());
  const canvases = [0, 1].map(() => document.body.appendChild(document.createElement("canvas")));
  for (const element of canvases) {
    const canvas = element.transferControlToOffscreen();
    worker.postMessage({ do: "canvas", canvas, color: "black" }, [canvas]);
  }
  await until((message) => message.event?.startsWith("view_pin_"));
  post(...malformed(), { do: "press", digit: 1 }, { do: "submit" }, { do: "spell" });
  await until((message) => "spell" in message);
  while (!ink(canvases[0])) await new Promise((resolve) => requestAnimationFrame(resolve));
  const inked = canvases.map((canvas) => ink(canvas));
  post({ do: "close" }, ...malformed());
  // As the page does it, that waits a second for the answer.
  await Promise.race([until((message) => message.closed), new Promise((resolve) => setTimeout(resolve, 1000))]);
  worker.terminate();
  return [inked, told.filter((message) => !("spell" in message || "closed" in message))];
}
