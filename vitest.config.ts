import { defineConfig } from "vitest/config";

// Vitest reads its configuration from a default export.
// biome-ignore lint/style/noDefaultExport: required by Vitest
export default defineConfig({
  test: { include: ["test/**/*.test.ts"], pool: "forks", testTimeout: 30_000, hookTimeout: 60_000 },
});
