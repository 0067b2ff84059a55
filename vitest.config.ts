import { defineConfig } from "vitest/config";

const common = { pool: "forks", testTimeout: 30_000, hookTimeout: 60_000 } as const;

// Vitest reads its configuration from a default export.
// biome-ignore lint/style/noDefaultExport: required by Vitest
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: "parts",
          include: ["test/**/*.test.ts"],
          exclude: ["test/sim/**", "test/e2e/**", "test/localstack/**"],
          sequence: { groupOrder: 0 },
        },
      },
      {
        // In virtual time, so that they do not mind each other: the halves of the pipeline's seeds side by side.
        test: {
          ...common,
          name: "simulations",
          include: ["test/sim/**/*.test.ts"],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // One after the other: each may make this machine the node of a cluster of its own.
        test: {
          ...common,
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // In one deployment, one after the other; test/localstack/run.ts makes it.
        test: {
          ...common,
          name: "localstack",
          include: ["test/localstack/**/*.test.ts"],
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
