import { sveltekit } from "@sveltejs/kit/vite";
import { defineConfig } from "vite";

// The back-end, which has to answer under the page's own origin.
const gateway = process.env.GATEWAY ?? "http://127.0.0.1:3000";

export default defineConfig({
  plugins: [sveltekit()],
  // The worker and the WebAssembly lie beside the script, and have to be found there.
  optimizeDeps: { exclude: ["card-pin"] },
  server: { proxy: { "/my": gateway, "/pin": gateway } },
});
