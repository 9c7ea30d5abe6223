import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "jsdom",
    // Only the import of the pad itself.
    alias: [{ find: /^card-pin$/, replacement: "card-pin/mock" }],
  },
});
