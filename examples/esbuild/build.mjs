// Builds a module and a classic script. esbuild does not add the worker and the WebAssembly, so they are copied.

import { cp } from "node:fs/promises";
import { build } from "esbuild";

const options = { entryPoints: ["main.js"], bundle: true, minify: true, target: "es2022" };
await build({ ...options, format: "esm", outfile: "dist/main.js" });
// The default addresses would be wrong here. This does not matter, because the page gives its own.
await build({ ...options, format: "iife", outfile: "dist/main.classic.js", logOverride: { "empty-import-meta": "silent" } });

const files = ["card-pin.worker.js", "card_pin_bg.wasm", "card_pin_scalar_bg.wasm"];
for (const file of files) await cp(`node_modules/card-pin/${file}`, `dist/${file}`);
for (const page of ["index.html", "classic.html"]) await cp(page, `dist/${page}`);
