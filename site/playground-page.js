/** The page on which a theme is tried: its form has the custom properties of `docs/theming.md`, and nothing else. */

import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { escapeHtml } from "./markdown.js";

export const PLAYGROUND = "playground.html";

const SCRIPT = "playground.js";
const HEX = /#[0-9a-f]{6}/;

/** @typedef {{name: string, meaning: string, light: string, dark: string}} Property */

/** @param {string} root @returns {Promise<Property[]>} */
async function readProperties(root) {
  const text = await readFile(join(root, "docs/theming.md"), "utf8");
  const rows = [...text.matchAll(/^\| (`--card-pin-[^|]+)\|([^|]+)\|([^|]+)\|([^|]*)\|$/gm)];
  return rows.flatMap(([, names, meaning, light, dark]) => {
    const of = (cell, place) => cell.replaceAll("`", "").split(",")[place]?.trim() ?? "";
    return of(names, 0) && names.match(/--card-pin-[a-z-]+/g).map((name, place) => ({ name, meaning: meaning.replaceAll("`", "").trim(), light: of(light, place), dark: of(dark, place) }));
  });
}

/** @param {Property} property */
function fieldsOf({ name, meaning, light, dark }) {
  const short = name.replace("--card-pin-", "");
  const row = (fields) => `<fieldset><legend><code>${short}</code></legend><p>${escapeHtml(meaning)}</p>${fields}</fieldset>`;
  if (short === "radius") return row(`<label>Pixels <input type="range" min="0" max="40" value="${parseInt(light, 10)}" name="${name}"></label>`);
  if (short === "font") return row(`<label>Family <input type="text" name="${name}" placeholder="Georgia, serif" autocomplete="off"></label>`);
  const colour = (mode, value) => `<label>${mode} <input type="color" name="${name}" data-mode="${mode}" value="${HEX.exec(value)?.[0] ?? (mode === "light" ? "#ffffff" : "#000000")}"></label>`;
  return row(colour("light", light) + colour("dark", dark));
}

/** @param {string} root @returns {Promise<Omit<import("./template.js").Page, "markdown">>} */
export async function playground(root) {
  const properties = await readProperties(root);
  const themes = (await readdir(join(root, "www/themes"))).map((name) => name.replace(".css", ""));
  const choice = (name, label, values) =>
    `<label>${label} <select name="${name}">${values.map((value) => `<option>${value}</option>`).join("")}</select></label>`;
  const html = `<h1>Playground</h1>
<p>Change a value, look at the pad, and copy the CSS. <a href="docs/theming.html">Theming</a> says what each property is for.</p>
<form id="playground" method="dialog">
<section aria-label="The pad">
<p class="stand-in"><strong>This is a stand-in.</strong> It is <code>card-pin/mock</code>, which sets no PIN and sends nothing. Do not type a PIN of yours.</p>
<div class="choices">
${choice("theme", "Colours", ["auto", "light", "dark"])}
${choice("state", "State", ["entry", "refused", "done", "failed"])}
${choice("start", "Start from", ["the defaults", ...themes.map((name) => `themes/${name}.css`)])}
</div>
<div id="stage"></div>
</section>
<section aria-label="The CSS">
<label for="css">CSS to copy</label>
<textarea id="css" rows="8" readonly spellcheck="false"></textarea>
<div class="choices"><button type="button" id="copy">Copy</button> <button type="reset">Start over</button> <span id="copied" role="status"></span></div>
</section>
<section class="properties" aria-label="The properties">
${properties.map(fieldsOf).join("\n")}
</section>
</form>`;
  return { title: "Playground", summary: "Try a theme, and copy its CSS.", html, script: SCRIPT };
}

/** A script that also runs from a folder, where browsers load no modules. @param {string} root @param {string} target */
export async function bundlePlayground(root, target) {
  const tools = createRequire(new URL("../target/npm/", import.meta.url));
  await tools("esbuild").build({
    entryPoints: [join(root, "site/playground.js")],
    alias: { "card-pin/mock": join(root, "dist/mock.js") },
    loader: { ".css": "text" },
    bundle: true,
    minify: true,
    format: "iife",
    outfile: join(target, SCRIPT),
    logLevel: "warning",
  });
}
