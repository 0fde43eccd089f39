import { join } from "node:path";
import { makeWhenChanged } from "./fingerprint.ts";
import { runToEnd } from "./processes.ts";
import { NODE_FLAGS, root } from "./services.ts";

const stamps = join(root, "node_modules", ".cache", "converge");

/** The Prisma client's TypeScript, when the schema changed. */
export const generateClient = () =>
  makeWhenChanged({
    root,
    stamp: join(stamps, "prisma"),
    sources: ["prisma/schema", "prisma.config.ts", "package-lock.json"],
    product: join(root, "generated/prisma/client.ts"),
    make: async () => {
      // Any executable stands in for the engine binary that Prisma would download and this never uses.
      const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath };
      await runToEnd(process.execPath, [join(root, "node_modules/prisma/build/index.js"), "generate"], {
        cwd: root,
        env,
      });
    },
  });

/** Contract artifacts (bytecode) from the Solidity sources. */
export const buildContracts = () =>
  makeWhenChanged({
    root,
    stamp: join(stamps, "contracts"),
    sources: ["contracts/src", "contracts/foundry.toml", "package-lock.json"],
    product: join(root, "contracts/out"),
    make: async () => {
      await runToEnd(process.execPath, [join(root, "scripts/forge.mjs"), "build", "contracts/src"], { cwd: root });
    },
  });

/** The production build of the web app. */
export function buildWeb(): Promise<boolean> {
  const distDir = process.env.NEXT_DIST_DIR ?? ".next";
  return makeWhenChanged({
    root,
    // The folder may lie deeper than one level; its stamp is one file.
    stamp: join(stamps, `web${encodeURIComponent(distDir)}`),
    sources: [
      "app",
      "components",
      "core",
      "server",
      "public",
      "prisma/schema",
      "next.config.ts",
      "postcss.config.mjs",
      "tsconfig.json",
      "package-lock.json",
    ],
    product: join(root, distDir, "BUILD_ID"),
    make: async () => {
      const env: NodeJS.ProcessEnv = { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" };
      await runToEnd(process.execPath, [...NODE_FLAGS, join(root, "node_modules/next/dist/bin/next"), "build"], {
        cwd: root,
        env,
      });
    },
  });
}
