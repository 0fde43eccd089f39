import { defineConfig } from "vitest/config";

const exclude = ["**/node_modules/**", ".next/**", ".converge/**", "e2e/**", "contracts/**"];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [...exclude, "**/*.integration.test.ts"],
          environment: "node",
        },
      },
      {
        test: {
          name: "integration",
          include: ["**/*.integration.test.ts"],
          exclude,
          environment: "node",
          // They share one Postgres, chain and signer (scripts/with-services.mjs), so they run one after the other, each file from
          // where the services began (scripts/lib/test-world.ts).
          fileParallelism: false,
          globalSetup: ["scripts/lib/keep-world.ts"],
          setupFiles: ["scripts/lib/renew-world.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
