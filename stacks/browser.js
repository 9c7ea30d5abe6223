// @ts-check

/**
 * A customer in Chromium, and the simulated HSM that knows which PIN was set. It uses playwright-core, because the stacks run in
 * Node, beside the npm packages that they test, and only need Chromium. `e2e/` has its own client, in Rust and for three engines.
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { tools } from "./folders.js";

const EVENTS = ["ready", "pin_valid", "set_pin_validation_error", "set_pin_success", "set_pin_error"];
const PINS = ["8306", "4826", "9274", "6193"];

/** A generous limit that only ends a hang. */
const LIMIT = 300_000;

/** Chromium's own sandbox does not work for root, and no updates are wanted here. */
const OPTIONS = ["--no-sandbox", "--disable-background-networking"];

/** @returns {string} */
function chromium() {
  const folders = (process.env.PATH ?? "").split(":");
  const names = ["chromium", "google-chrome", "google-chrome-stable", "chromium-browser"];
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
  if (!found) throw new Error("Chromium is not on the PATH: run `cargo xtask setup`");
  return found;
}

/** @returns {Promise<any>} playwright-core's Chromium; the package is installed in `tools` before */
export function startChromium() {
  const playwright = createRequire(join(tools, "package.json"))("playwright-core");
  return playwright.chromium.launch({ executablePath: chromium(), args: OPTIONS, timeout: LIMIT });
}

/**
 * @param {string} sandbox its address
 * @param {(setPin: (url: string) => Promise<void>) => Promise<void>} use
 */
export async function withBrowser(sandbox, use) {
  const browser = await startChromium();
  let count = 0;
  try {
    await use((url) => setPin(browser, sandbox, url, PINS[count++ % PINS.length]));
  } finally {
    await browser.close();
  }
}

/**
 * Opens a page, sets a PIN, and checks that the HSM got the same PIN.
 * @param {any} browser
 * @param {string} sandbox
 * @param {string} url
 * @param {string} pin
 */
async function setPin(browser, sandbox, url, pin) {
  const json = { "content-type": "application/json" };
  await fetch(`${sandbox}/sandbox/reset`, { method: "POST", headers: json, body: "{}" });
  const page = await browser.newPage();
  page.setDefaultTimeout(LIMIT);
  /** @type {string[]} */
  const problems = [];
  page.on("pageerror", (/** @type {Error} */ error) => problems.push(String(error)));
  page.on("console", (/** @type {any} */ message) => ["error", "warning"].includes(message.type()) && problems.push(message.text()));
  const pad = await listen(page);
  try {
    await page.goto(url);
    await pad.tells(({ event }) => event === "ready");
    await page.locator("card-pin").evaluate((/** @type {HTMLElement} */ element) => element.focus());
    await page.keyboard.type(pin);
    await pad.tells(({ step }) => step === "confirm");
    await page.keyboard.type(pin);
    await pad.tells(({ pin_valid }) => pin_valid === true);
    await page.keyboard.press("Enter");
    const end = await pad.tells(({ event }) => event === "set_pin_success" || event === "set_pin_error");
    assert.equal(end.event, "set_pin_success", `it ended with ${end.code}`);
  } catch (error) {
    throw new Error(`no PIN is set at ${url}; the console says: ${problems.join("; ") || "nothing"}`, { cause: error });
  } finally {
    await page.close();
  }
  const { requests } = await (await fetch(`${sandbox}/sandbox/wire`)).json();
  const cards = requests.filter((/** @type {any} */ { method, path }) => method === "POST" && path.startsWith("/card/"));
  assert.equal(cards.length, 1, "a control id was asked for more than once");
  const { id } = JSON.parse(cards[0].answer.body);
  const known = await (await fetch(`${sandbox}/sandbox/cards/${id}/pin`)).json();
  assert.equal(known.pin, pin, "another PIN is set than the one that was typed");
}

/**
 * Collects the pad's events, from the start of the page.
 * @param {any} page
 */
async function listen(page) {
  /** @type {Record<string, unknown>[]} */
  const told = [];
  let tell = () => {};
  await page.exposeFunction("tellTest", (/** @type {Record<string, unknown>} */ detail) => {
    told.push(detail);
    tell();
  });
  await page.addInitScript((/** @type {string[]} */ events) => {
    const { tellTest } = /** @type {any} */ (window);
    for (const name of events) addEventListener(name, (event) => tellTest(/** @type {CustomEvent} */ (event).detail));
  }, EVENTS);
  return {
    /** @param {(detail: Record<string, unknown>) => boolean} isMeant @returns {Promise<Record<string, unknown>>} */
    async tells(isMeant) {
      const end = AbortSignal.timeout(LIMIT);
      for (;;) {
        const found = told.find(isMeant);
        if (found) return found;
        const isOver = told.find(({ event }) => event === "set_pin_error");
        assert.ok(!isOver, `it ended with ${isOver?.code}`);
        await new Promise((resolve, reject) => {
          tell = () => resolve(undefined);
          end.onabort = () => reject(new Error(`the pad only told: ${told.map(({ event }) => event).join(", ") || "nothing"}`));
        });
      }
    },
  };
}
