import { defineConfig } from "vite";

// A library has no place for files beside it: in this mode, Vite would write the worker into the script as a `data:` address, from which a
// worker may ask no server. Hence `card-pin/standalone`. A library that apps bundle again can `import "card-pin"` and leave it to
// them: `rollupOptions: { external: ["card-pin"] }`.
export default defineConfig({
  build: { lib: { entry: "pin-step.js", name: "PinStep", formats: ["es", "iife"], fileName: (format) => `pin-step.${format}.js` } },
});
