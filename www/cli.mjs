#!/usr/bin/env node
/**
 * `card-pin compare URL [FILE…]`: checks that a server delivers the files of this package, byte for byte. It exits with 0 if it
 * does, with 1 if a file differs, and with 2 if it cannot compare them.
 */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

const USAGE = `Usage: card-pin compare URL [FILE…]

Compares what a server delivers with the integrity.json of this package.
  URL    the folder of the package on the server: https://bank.example/card-pin-0.1.0/
  FILE   only these files, and each has to be there; without any, all that are there
`;
/** How long an answer may take, in milliseconds. */
const LIMIT = 30_000;

/** A fault of the call or the server, so that the files cannot be compared. */
class CannotCompare extends Error {}

const readJson = async (name) => JSON.parse(await readFile(new URL(name, import.meta.url), "utf8"));

/** @param {string[]} args @returns {{base: URL, names: string[]}} */
function readArguments([command, address, ...names]) {
  let base;
  try {
    base = new URL(address.endsWith("/") ? address : `${address}/`);
  } catch {
    // Reported below.
  }
  if (command !== "compare" || !base || !/^https?:$/.test(base.protocol)) throw new CannotCompare(USAGE);
  return { base, names };
}

/**
 * Fetches a file like a browser, without cookies, and not from a cache on the way.
 * @param {URL} url
 * @param {string} sum
 * @returns {Promise<"same" | "CHANGED" | "absent">}
 */
async function look(url, sum) {
  const headers = { "cache-control": "no-cache" };
  let response;
  let bytes;
  try {
    response = await fetch(url, { headers, redirect: "manual", signal: AbortSignal.timeout(LIMIT) });
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch {
    throw new CannotCompare(`${url.origin}${url.pathname} does not answer.`);
  }
  if (response.status === 404) return "absent";
  if (response.status !== 200) throw new CannotCompare(`${url.origin}${url.pathname} answered ${response.status}.`);
  return `sha384-${createHash("sha384").update(bytes).digest("base64")}` === sum ? "same" : "CHANGED";
}

/** @param {string[]} args @returns {Promise<number>} the exit code */
async function compare(args) {
  const { base, names } = readArguments(args);
  const sums = await readJson("./integrity.json");
  const { version } = await readJson("./package.json");
  const unknown = names.find((name) => !Object.hasOwn(sums, name));
  if (unknown) throw new CannotCompare(`integrity.json does not name the file ${unknown}.`);
  const found = { same: 0, CHANGED: 0, absent: 0 };
  for (const name of names.length > 0 ? names : Object.keys(sums)) {
    const state = await look(new URL(name, base), sums[name]);
    found[state] += 1;
    console.log(`${state.padEnd(7)}  ${name}`);
  }
  console.log(`card-pin ${version}: ${found.same} the same, ${found.CHANGED} changed, ${found.absent} absent.`);
  if (found.same + found.CHANGED === 0) throw new CannotCompare("None of the files is there: is this the folder of the package?");
  return found.CHANGED > 0 || (names.length > 0 && found.absent > 0) ? 1 : 0;
}

try {
  process.exitCode = await compare(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CannotCompare)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
