// @ts-check

/**
 * Compiles the example for Android with Kotlin's compiler. The SDK is not in a registry: `stacks/android/` declares the part of it that
 * the example uses.
 */

import { existsSync } from "node:fs";
import { cp, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { project, run, tools } from "./folders.js";

/** @param {string} folder */
export async function compileKotlin(folder) {
  const jars = join(await installCompiler(folder), "run_kotlin_kernel/jars");
  const library = (await readdir(jars)).find((name) => name.startsWith("kotlin-stdlib"));
  const sources = (await readdir(folder)).filter((name) => name.endsWith(".kt"));
  const compiler = ["-cp", join(jars, "*"), "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"];
  const options = ["-Werror", "-no-reflect", "-no-stdlib", "-cp", join(jars, String(library)), "-d", "classes"];
  await run(folder, "java", ...compiler, ...options, ...sources);
}

/** @param {string} folder @returns {Promise<string>} where it is */
async function installCompiler(folder) {
  const wanted = join(folder, "requirements.txt");
  const to = join(tools, "kotlin");
  // This is copied last, so that an incomplete installation is repeated.
  const installed = join(to, "installed-requirements.txt");
  if (existsSync(installed) && (await readFile(installed, "utf8")) === (await readFile(wanted, "utf8"))) return to;
  const options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--upgrade"];
  await run(folder, join(project, "target/python/bin/pip"), "install", ...options, "--target", to, "-r", wanted);
  await cp(wanted, installed);
  return to;
}
