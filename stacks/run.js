// @ts-check

/**
 * Builds the examples with the packed package, each from its lock file, and sets a PIN in each with Chromium, against the
 * sandbox: `node stacks/run.js [NAME…]`; without a name, all of them. `dist/` and the sandbox have to be built before:
 * `cargo xtask build`, `cargo build -p card-pin-sandbox`. SANDBOX names the program of the sandbox, if it is elsewhere.
 * Everything is made in `target/stacks/`.
 */

import assert from "node:assert/strict";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withBrowser } from "./browser.js";
import { npmInstall, pack, prepare, project, run, tools } from "./folders.js";
import { compileKotlin } from "./kotlin.js";
import { withGateway, withSandbox, withServer } from "./programs.js";
import { policyWith, withCdn, withSite } from "./site.js";
import { checkTypes } from "./types.js";

/** @typedef {{sandbox: string, gateway: string, setPin: (url: string) => Promise<void>}} Tools */

/** @type {Record<string, (folder: string, tools: Tools) => Promise<unknown>>} */
const stacks = {
  types: checkTypes,
  node: (folder) => test(folder),
  // The tests have no time limit.
  jest: (folder) => test(folder, "--testTimeout=300000"),
  vitest: (folder) => test(folder, "--testTimeout=300000"),
  html: (folder, tools) => setPins(folder, tools),
  cdn: loadFromElsewhere,
  react: develop,
  "react-18": develop,
  preact: develop,
  solid: develop,
  lit: develop,
  vue: develop,
  astro: develop,
  angular: develop,
  qwik: develop,
  esbuild: build,
  rollup: build,
  webpack: build,
  parcel: develop,
  "vite-library": build,
  next: (folder, tools) => serveBoth(folder, tools, [], ["--webpack"]),
  "next-15": (folder, tools) => serveBoth(folder, tools, [], ["--turbopack"]),
  // Its Turbopack is only for development.
  "next-14": (folder, tools) => serveBoth(folder, tools, []).then(() => serve(folder, tools, ["dev", "--turbo"])),
  nuxt: (folder, tools) => serveBoth(folder, tools, []),
  sveltekit: (folder, tools) => serveBoth(folder, tools, []),
  android: compileKotlin,
  "gateway-node": (folder, tools) => changeGateway("node", join(folder, "gateway.mjs"), tools),
  "gateway-python": (folder, tools) => changeGateway("python3", join(folder, "gateway.py"), tools),
  "gateway-java": (folder, tools) => changeGateway("java", join(folder, "Gateway.java"), tools),
};

/** @param {string} folder @param {...string} options */
function test(folder, ...options) {
  return run(folder, "npm", "test", "--", ...options);
}

/** Production, as files. @param {string} folder @param {Tools} tools */
async function build(folder, tools) {
  await timed("production", async () => {
    await run(folder, "npm", "run", "build");
    await setPins(join(folder, "dist"), tools);
  });
}

/** Production, as files, then development. @param {string} folder @param {Tools} tools */
async function develop(folder, tools) {
  await build(folder, tools);
  await serve(folder, tools, ["dev"]);
}

/**
 * Production, then development, both by a framework's own server.
 * @param {string} folder
 * @param {Tools} tools
 * @param {...string[]} bundlers the options that choose each
 */
async function serveBoth(folder, tools, ...bundlers) {
  for (const options of bundlers) {
    const command = ["build", "--", ...options];
    await timed(["build", ...options].join(" "), () => run(folder, "env", `GATEWAY=${tools.gateway}`, "npm", "run", ...command));
    await serve(folder, tools, ["start"]);
    await serve(folder, tools, ["dev", ...options]);
  }
}

/** @param {string} folder @param {Tools} tools @param {string[]} command */
function serve(folder, { gateway, setPin }, command) {
  return timed(command.join(" "), () => withServer(folder, gateway, command, setPin));
}

/** @param {string} what @param {() => Promise<unknown>} step */
async function timed(what, step) {
  const start = performance.now();
  await step();
  console.log(`  ${what}: ${seconds(performance.now() - start)} s`);
}

/** @param {number} milliseconds */
const seconds = (milliseconds) => (milliseconds / 1000).toFixed(1);

/** One PIN on each page. @param {string} folder @param {Tools} tools */
const setPins = (folder, { gateway, setPin }) =>
  withSite(folder, gateway, async (pages) => {
    for (const page of pages) await setPin(page);
  });

/** The plain page, with the package on another origin. @param {string} folder @param {Tools} tools */
async function loadFromElsewhere(folder, { gateway, setPin }) {
  await withCdn(join(folder, "card-pin"), async (origin) => {
    const page = join(folder, "index.html");
    await writeFile(page, (await readFile(page, "utf8")).replace("./card-pin/", `${origin}/`));
    const moved = join(folder, "moved");
    await mkdir(moved);
    for (const name of ["index.html", "app.js"]) await rename(join(folder, name), join(moved, name));
    await withSite(moved, gateway, ([url]) => setPin(url), policyWith(origin));
  });
}

/** The plain page, with another back-end. @param {string} program @param {string} script @param {Tools} tools */
async function changeGateway(program, script, tools) {
  await withGateway(program, script, tools.sandbox, async (gateway) => {
    await refuses(413, `${gateway}/pin/tzpk`, "application/json", " ".repeat(70_000));
    await refuses(415, `${gateway}/pin/set`, "text/plain", "{}");
    await refuses(404, `${gateway}/pin/other`, "application/json", "{}");
    await setPins(await prepare("html"), { ...tools, gateway });
  });
  // Under another host name, the sandbox behaves like Enfuce: it gives no cards without a sign-in.
  const enfuce = tools.sandbox.replace("127.0.0.1", "localhost");
  await withGateway(program, script, enfuce, (gateway) => refuses(401, `${gateway}/my/control-id`, "text/plain", ""));
}

/** @param {number} status @param {string} url @param {string} type @param {string} body */
async function refuses(status, url, type, body) {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": type }, body });
  assert.equal(answer.status, status, url);
}

/** @param {string} name @param {Tools} tools */
async function check(name, tools) {
  const start = performance.now();
  const folder = await prepare(name);
  const installed = performance.now();
  await stacks[name](folder, tools);
  console.log(`${name}: passed in ${seconds(performance.now() - installed)} s, after ${seconds(installed - start)} s of installing`);
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(stacks);
const unknown = names.filter((name) => !Object.hasOwn(stacks, name));
if (unknown.length > 0) throw new Error(`there is no stack ${unknown.join(", ")}, but: ${Object.keys(stacks).join(", ")}`);

/** @type {Map<string, unknown>} */
const failed = new Map();
await npmInstall(join(project, "stacks"), tools);
await pack();
const nodeGateway = join(project, "examples/gateway-node/gateway.mjs");
await withSandbox((sandbox) =>
  withBrowser(sandbox, (setPin) =>
    withGateway("node", nodeGateway, sandbox, async (gateway) => {
      const common = { sandbox, gateway, setPin };
      for (const name of names) await check(name, common).catch((error) => failed.set(name, error));
    }),
  ),
);
for (const [name, error] of failed) console.error(`${name}: FAILED:`, error);
if (failed.size > 0) throw new Error(`${failed.size} of ${names.length} stacks FAILED: ${[...failed.keys()].join(", ")}`);
