import { defineConfig } from "vitest/config";

// One project per kind, so that the inner loop can leave the slow ones out: `vitest --project unit`.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{packages,apps}/*/src/**/*.test.ts", "tools/**/*.test.ts", "bench/*.test.ts"],
          exclude: ["**/node_modules/**", "**/*.{crash,slow}.test.ts"],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "slow",
          include: ["{packages,apps}/*/src/**/*.{crash,slow}.test.ts", "e2e/torture/*.slow.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["e2e/**/*.test.ts"],
          exclude: ["**/node_modules/**", "e2e/**/*.slow.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
