/** The script of the playground: turns the fields into CSS, and applies it to the pad. */

import { mock } from "card-pin/mock";
import plain from "../www/themes/plain.css";
import quiet from "../www/themes/quiet.css";
import warm from "../www/themes/warm.css";

const THEMES = { plain, quiet, warm };
const PIN = "4826";

const form = document.getElementById("playground");
const text = document.getElementById("css");
const copied = document.getElementById("copied");
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [sheet];

/** The fields that were changed: a property whose field was not touched is not in the CSS. */
const changed = new Set();

/** The declarations of a theme in the package, without its comments. @param {string} css */
const declarationsOf = (css) => new Map([...css.replace(/\/\*.*?\*\//gs, "").matchAll(/(--card-pin-[a-z-]+):\s*([^;]+);/g)].map(([, name, value]) => [name, value.trim()]));

/** @param {string} name @returns {string} the value of its fields */
function valueOf(name) {
  const fields = [...form.querySelectorAll(`[name="${name}"]`)];
  const [light, dark = light] = fields.map(({ value }) => value);
  if (fields[0].type === "range") return `${light}px`;
  return light === dark ? light : `light-dark(${light}, ${dark})`;
}

function cssOf() {
  const theme = /themes\/(\w+)/.exec(form.elements.start.value)?.[1];
  const declarations = theme ? declarationsOf(THEMES[theme]) : new Map();
  // Removes characters that would end the declaration.
  for (const name of changed) declarations.set(name, valueOf(name).replace(/[;{}]/g, ""));
  const lines = [...declarations].filter(([, value]) => value).map(([name, value]) => `  ${name}: ${value};\n`);
  return lines.length > 0 ? `card-pin {\n${lines.join("")}}\n` : "";
}

function show() {
  text.value = cssOf();
  sheet.replaceSync(text.value);
  document.querySelector("card-pin")?.setAttribute("theme", form.elements.theme.value);
  copied.textContent = "";
}

/** A pad in the state that is chosen. */
function start() {
  const { value: state } = form.elements.state;
  mock.reset();
  mock.weak = state === "refused" ? "run" : null;
  mock.outcome = state === "failed" ? "network" : null;
  const pad = document.createElement("card-pin");
  Object.assign(pad, { tzpkUrl: "https://issuer.example/tzpk", setUrl: "https://issuer.example/set", hints: "off", controlIdProvider: async () => "token" });
  pad.addEventListener(
    "ready",
    () => {
      mock.enter(state === "entry" ? PIN.slice(0, 2) : PIN);
      if (state === "entry" || state === "refused") return;
      mock.enter(PIN);
      // The failure is intended.
      pad.setPin().catch(() => {});
    },
    { once: true },
  );
  document.getElementById("stage").replaceChildren(pad);
  show();
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => {
  changed.clear();
  // The fields have their values back after this event.
  queueMicrotask(() => setTimeout(start));
});
form.addEventListener("input", ({ target: { name } }) => {
  if (name === "state") return start();
  if (name?.startsWith("--card-pin-")) changed.add(name);
  return show();
});
document.getElementById("copy").addEventListener("click", async () => {
  text.select();
  const isCopied = await Promise.resolve(navigator.clipboard?.writeText(text.value)).then(() => Boolean(navigator.clipboard), () => false);
  copied.textContent = isCopied ? "Copied." : "The text is selected: copy it with your keyboard.";
});
start();
