/**
 * Builds the site and checks it: every link and anchor has a target, there is Markdown beside each page, and Chromium shows every page
 * from its folder without an error. Some pages are also checked with axe-core, and the playground is used. `target/e2e-npm/` has axe-core.
 */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, posix } from "node:path";
import { pathToFileURL } from "node:url";
import { npmInstall, project, tools } from "../stacks/folders.js";
import { startChromium } from "../stacks/browser.js";
import { POLICY } from "../stacks/site.js";
import { build, target } from "./build.js";

/** One of each kind of page. */
const JUDGED = ["index.html", "docs/reference.html", "docs/going-live.html", "examples/react/index.html", "playground.html"];
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** The links of a page, and the anchors in it. @typedef {{links: {link: string, isFollowed: boolean}[], names: string[]}} Seen */

/** @param {Map<string, Seen>} seen @returns {Promise<string[]>} the faults */
async function checkLinks(seen) {
  const faults = [];
  for (const [page, { links }] of seen) {
    for (const { link, isFollowed } of links) {
      const isNetwork = /^https?:/.test(link);
      if ((isNetwork && isFollowed) || /^(mailto|data):/.test(link)) continue;
      const fault = isNetwork ? "is loaded from the network" : await faultOf(page, link, seen);
      if (fault) faults.push(`${page}: ${link} ${fault}`);
    }
  }
  return faults;
}

/** @param {string} page @param {string} link @param {Map<string, Seen>} seen @returns {Promise<string | undefined>} */
async function faultOf(page, link, seen) {
  const [path, anchor] = decodeURIComponent(link).split("#");
  const to = path ? posix.join(dirname(page), path) : page;
  const there = seen.get(to);
  if (there) return !anchor || there.names.includes(anchor) ? undefined : "leads to no heading";
  return readFile(join(target, to)).then(() => undefined, () => "leads to no file");
}

/**
 * @param {string[]} pages
 * @returns {Promise<{faults: string[], seen: Map<string, Seen>}>}
 */
async function openInChromium(pages) {
  await npmInstall(join(project, "stacks"), tools);
  // axe-core loads style sheets in advance, which a page in a folder cannot do.
  const axe = createRequire(join(project, "target/e2e-npm/package.json")).resolve("axe-core/axe.min.js");
  const browser = await startChromium();
  /** @type {string[]} */
  const faults = [];
  /** @type {Map<string, Seen>} */
  const seen = new Map();
  try {
    for (const colorScheme of ["light", "dark"]) {
      const context = await browser.newContext({ colorScheme, viewport: { width: 390, height: 844 } });
      const page = await context.newPage();
      let path = "";
      const note = (/** @type {string} */ what) => faults.push(`${path}, ${colorScheme}: ${what}`);
      page.on("pageerror", (error) => note(String(error)));
      page.on("console", (message) => message.type() === "error" && note(message.text()));
      page.on("request", (request) => /^(file|data):/.test(request.url()) || note(`asks for ${request.url()}`));
      for (path of colorScheme === "light" ? pages : JUDGED) {
        await page.goto(pathToFileURL(join(target, path)).href);
        const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (width > 0) note(`is ${width} pixels wider than a phone`);
        if (colorScheme === "light") seen.set(path, await page.evaluate(look));
        if (!JUDGED.includes(path)) continue;
        if (path === "playground.html") await usePlayground(page).catch((error) => note(error.message));
        await page.addScriptTag({ path: axe });
        const violations = await page.evaluate(async (/** @type {string[]} */ rules) => {
          const { violations: found } = await /** @type {any} */ (globalThis).axe.run({ runOnly: rules, preload: false });
          return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target: at }) => at).join(", ")}`);
        }, RULES);
        violations.forEach(note);
      }
      await context.close();
    }
  } finally {
    await browser.close();
  }
  return { faults, seen };
}

/** Runs in the page. @returns {Seen} */
function look() {
  const links = [...document.querySelectorAll("[href], [src]")];
  return {
    links: links.map((element) => ({ link: element.getAttribute("href") ?? element.getAttribute("src") ?? "", isFollowed: element.localName === "a" })),
    names: [...document.querySelectorAll("[id]")].map(({ id }) => id),
  };
}

/** @param {any} page */
async function usePlayground(page) {
  const pad = page.locator("card-pin[data-mock]");
  await pad.waitFor();
  await page.locator("[name='--card-pin-accent'][data-mode=light]").fill("#6b21a8");
  await page.locator("[name='--card-pin-radius']").fill("8");
  const css = await page.locator("#css").inputValue();
  assert.equal(css, "card-pin {\n  --card-pin-accent: light-dark(#6b21a8, #8cb0ff);\n  --card-pin-radius: 8px;\n}\n");
  assert.equal(await pad.evaluate((/** @type {Element} */ element) => getComputedStyle(element).getPropertyValue("--card-pin-radius")), "8px");
  for (const [state, name] of [["refused", "open"], ["done", "done"], ["failed", "failed"]]) {
    await page.locator("[name=state]").selectOption(state);
    await page.locator(`card-pin:state(${name})`).waitFor();
  }
  await page.locator("[name=start]").selectOption("themes/quiet.css");
  assert.match(await page.locator("#css").inputValue(), /999px|--card-pin-radius: 8px/);
}

/** Checks that the documents show the policy under which the examples are tested. @param {string[]} faults */
async function checkFacts(faults) {
  const headers = await readFile(join(project, "docs/headers.md"), "utf8");
  if (!headers.includes(POLICY)) faults.push("docs/headers.md has another policy than stacks/site.js");
  const codes = await readFile(join(project, "docs/codes.md"), "utf8");
  const types = await readFile(join(project, "www/types/session.d.ts"), "utf8");
  const [, unions] = /type SessionErrorCode =(.*?)export type WeakReason/s.exec(types) ?? [];
  const known = [...(unions ?? "").matchAll(/"([a-z_]+)"/g)].map(([, code]) => code);
  assert.ok(known.includes("vault_missing"), "the codes were not found");
  for (const code of known) if (!codes.includes(`\`${code}\``)) faults.push(`docs/codes.md does not say what to do about ${code}`);
}

const pages = await build();
const { faults, seen } = await openInChromium(pages);
faults.push(...(await checkLinks(seen)));
for (const [, link] of (await readFile(join(target, "llms.txt"), "utf8")).matchAll(/\]\(([^)]+)\)/g)) {
  await readFile(join(target, link)).catch(() => faults.push(`llms.txt: ${link} leads to no file`));
}
await checkFacts(faults);
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exitCode = 1;
} else {
  console.log(`${pages.length} pages are right`);
}
