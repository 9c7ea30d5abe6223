// A pad written by hand on a library: it does the same as `<card-pin>` for a customer, but does not hide the PIN from the
// page's other scripts.

import { controlId, watch } from "./customer.js";

const LENGTH = 4;
const STYLE = `
  :host { display: block; max-width: 20rem; margin: auto; font: 1.1rem system-ui; text-align: center }
  div { display: grid; grid-template-columns: repeat(3, 1fr); gap: .5rem }
  button { min-height: 3rem; font: inherit }`;

async function post(url, body) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    credentials: "omit",
    cache: "no-store",
  });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.text();
}

/** ISO 9564-1 format 1 under the TZPK, as base64. */
function encrypt(forge, pin, tzpk) {
  const fill = crypto.getRandomValues(new Uint8Array(16 - 2 - LENGTH));
  const block = `1${LENGTH}${pin}${Array.from(fill, (byte) => (byte % 16).toString(16)).join("")}`;
  const key = tzpk.length === 16 ? tzpk + tzpk.slice(0, 8) : tzpk;
  const cipher = forge.cipher.createCipher("3DES-ECB", forge.util.createBuffer(key));
  cipher.start({});
  cipher.update(forge.util.createBuffer(forge.util.hexToBytes(block)));
  cipher.finish(() => true);
  return btoa(cipher.output.getBytes());
}

/** @param way how a key pair is made, told, and used; `forge` has TDEA */
export function startPad(way) {
  const pad = document.createElement("section");
  const root = pad.attachShadow({ mode: "open" });
  const style = new CSSStyleSheet();
  style.replaceSync(STYLE);
  root.adoptedStyleSheets = [style];
  const prompt = document.createElement("p");
  const dots = document.createElement("p");
  const keys = document.createElement("div");
  const submit = document.createElement("button");
  root.append(prompt, dots, keys, submit);
  pad.tabIndex = 0;
  document.body.append(pad);

  const tell = (event, detail = {}) => pad.dispatchEvent(new CustomEvent(event, { detail: { event, ...detail } }));
  const entries = ["", ""];
  let step = 0;
  const draw = () => {
    prompt.textContent = ["Choose a PIN", "Enter it again", "One moment", "Your PIN is set"][step];
    dots.textContent = (entries[step] ?? "").replace(/./g, "●").padEnd(LENGTH, "○");
    submit.textContent = step === 0 ? "Continue" : "Set PIN";
  };
  const press = (digit) => {
    if (step > 1 || entries[step].length === LENGTH) return;
    entries[step] += digit;
    if (step === 0 && entries[0].length === LENGTH) step = 1;
    draw();
  };
  const setPin = async () => {
    if (step !== 1 || entries[1].length !== LENGTH) return;
    if (entries[0] !== entries[1]) return tell("set_pin_validation_error", { code: "mismatch" });
    step = 2;
    draw();
    try {
      await post("./set", { controlId, pinBlock: encrypt(way.forge, entries[0], await tzpk) });
      step = 3;
      draw();
      tell("set_pin_success");
    } catch (error) {
      tell("set_pin_error", { code: String(error) });
    }
  };
  for (const digit of "1234567890") {
    const key = document.createElement("button");
    key.textContent = key.dataset.key = digit;
    key.addEventListener("click", () => press(digit));
    keys.append(key);
  }
  submit.addEventListener("click", setPin);
  pad.addEventListener("keydown", ({ key }) => (key === "Enter" ? setPin() : /^[0-9]$/.test(key) && press(key)));
  draw();
  watch(pad);

  // Starts after the first frame, so that the pad is drawn first.
  const tzpk = new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))).then(async () => {
    const pair = await way.makeKeyPair();
    const answer = JSON.parse(await post("./tzpk", { controlId, publicKey: await way.publicKey(pair) }));
    return way.unwrap(pair, answer.tzpk);
  });
  tzpk.then(
    () => tell("ready"),
    (error) => tell("set_pin_error", { code: String(error) }),
  );
}
