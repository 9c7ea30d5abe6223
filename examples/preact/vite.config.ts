import { defineConfig } from "vite";

// The back-end, for the development server.
const gateway = process.env.GATEWAY ?? "http://127.0.0.1:3000";

export default defineConfig({
  // The worker and the WebAssembly lie beside the script, and have to be found there.
  optimizeDeps: { exclude: ["card-pin"] },
  server: { proxy: { "/my": gateway, "/pin": gateway } },
});
