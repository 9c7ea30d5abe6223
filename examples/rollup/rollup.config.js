// Builds a module and a classic script. Rollup does not add the worker and the WebAssembly, so they are copied.

import { cp } from "node:fs/promises";
import resolve from "@rollup/plugin-node-resolve";

const files = ["card-pin.worker.js", "card_pin_bg.wasm", "card_pin_scalar_bg.wasm"];

const copy = {
  name: "copy",
  async writeBundle() {
    for (const file of files) await cp(`node_modules/card-pin/${file}`, `dist/${file}`);
    for (const page of ["index.html", "classic.html"]) await cp(page, `dist/${page}`);
  },
};

export default {
  input: "main.js",
  plugins: [resolve(), copy],
  output: [
    { dir: "dist", format: "es" },
    { file: "dist/main.classic.js", format: "iife", inlineDynamicImports: true },
  ],
};
