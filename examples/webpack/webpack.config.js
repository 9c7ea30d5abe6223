import { cp } from "node:fs/promises";

/** webpack adds the worker and the WebAssembly; the page is copied beside them. */
const copyPage = {
  apply: (compiler) => compiler.hooks.afterEmit.tapPromise("copy the page", () => cp("index.html", "dist/index.html")),
};

export default { mode: "production", entry: "./main.js", plugins: [copyPage] };
