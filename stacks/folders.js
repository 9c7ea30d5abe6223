// @ts-check

/** Where the stacks are installed and built: copies of the examples, under `target/stacks/`. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const project = fileURLToPath(new URL("..", import.meta.url));
export const work = join(project, "target/stacks");
/** The folder of playwright-core. It is not above the stacks, because Next would use its lock file as theirs. */
export const tools = join(work, "tools");

/** Turns off the stacks' checks for updates and their telemetry. */
export const quiet = {
  ASTRO_TELEMETRY_DISABLED: "1",
  NEXT_TELEMETRY_DISABLED: "1",
  NUXT_TELEMETRY_DISABLED: "1",
  npm_config_update_notifier: "false",
};

/**
 * Runs a program to its end; an error contains its output.
 * @param {string} folder
 * @param {string} program
 * @param {...string} args
 * @returns {Promise<string>} what it printed
 */
export async function run(folder, program, ...args) {
  const env = { ...process.env, ...quiet };
  const child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const printed = ["", ""];
  child.stdout.on("data", (text) => (printed[0] += text));
  child.stderr.on("data", (text) => (printed[1] += text));
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}:\n${printed.join("")}`);
  return printed[0];
}

/**
 * Installs the packages of a lock file, if that has not been done yet.
 * @param {string} from the folder of the lock file
 * @param {string} to
 */
export async function npmInstall(from, to) {
  await mkdir(to, { recursive: true });
  const lock = await readFile(join(from, "package-lock.json"), "utf8");
  // This is written last, so that an incomplete installation is repeated.
  const installed = join(to, "installed-lock.json");
  if (existsSync(installed) && (await readFile(installed, "utf8")) === lock) return;
  for (const name of ["package.json", "package-lock.json"]) await cp(join(from, name), join(to, name));
  await run(to, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error");
  await writeFile(installed, lock);
}

const packed = join(work, "packed");

/** Packs `dist/` as npm does. */
export async function pack() {
  await rm(packed, { recursive: true, force: true });
  await mkdir(packed, { recursive: true });
  const name = (await run(packed, "npm", "pack", "--silent", join(project, "dist"))).trim();
  await run(packed, "tar", "-xzf", name);
}

/**
 * The source of a stack that is not copied from the example of its name. Another version of an example is only a lock file.
 * @type {Record<string, string[]>}
 */
const SOURCES = {
  android: ["examples/android", "stacks/android"],
  cdn: ["examples/html"],
  types: ["stacks/types"],
  "next-14": ["examples/next", "stacks/next-14"],
  "next-15": ["examples/next", "stacks/next-15"],
};

/** The stacks without a bundler. */
const PLAIN = ["html", "cdn"];

/**
 * Makes a copy of an example and installs everything that it needs, including the packed package.
 * @param {string} name
 * @returns {Promise<string>} its folder
 */
export async function prepare(name) {
  const to = join(work, name);
  const kept = ["node_modules", "installed-lock.json"];
  await mkdir(to, { recursive: true });
  for (const old of await readdir(to)) if (!kept.includes(old)) await rm(join(to, old), { recursive: true });
  const folders = (SOURCES[name] ?? [`examples/${name}`]).map((folder) => join(project, folder));
  const last = folders[folders.length - 1];
  if (existsSync(join(last, "package-lock.json"))) await npmInstall(last, to);
  for (const folder of folders) await cp(folder, to, { recursive: true });
  // The plain page uses the package from its own folder, the others from `node_modules`.
  const place = join(to, PLAIN.includes(name) ? "card-pin" : "node_modules/card-pin");
  await rm(place, { recursive: true, force: true });
  await cp(join(packed, "package"), place, { recursive: true });
  return to;
}
