// @ts-check

/** The types in each framework's markup, and in Vue's templates. TypeScript 5, which is slow, only looks at the element. */

import { readdir } from "node:fs/promises";
import { run } from "./folders.js";

const tools = {
  "tsconfig.json": ["typescript/bin/tsc", "typescript-7/bin/tsc"],
  "tsconfig.vue-template.json": ["vue-tsc/bin/vue-tsc.js"],
};

/** @param {string} folder */
export async function checkTypes(folder) {
  for (const config of await readdir(folder)) {
    if (!/^tsconfig.*\.json$/.test(config)) continue;
    for (const tool of tools[/** @type {keyof tools} */ (config)] ?? ["typescript-7/bin/tsc"]) {
      await run(folder, "node", `node_modules/${tool}`, "-p", config);
    }
  }
}
