// Runs before anything is installed: Node built-ins only, and nothing newer than Node 20.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const stampFile = join(root, "node_modules", ".converge-install");
const runtime = join(root, "node_modules", ".bin", process.platform === "win32" ? "node.cmd" : "node");

const lockHash = () =>
  createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");

const isInstalled = (hash) =>
  existsSync(runtime) && existsSync(stampFile) && readFileSync(stampFile, "utf8").startsWith(hash);

/** Installs exactly what the lockfile names, when it changed since the last time. Answers how long it took, or 0. */
export function ensureInstalled() {
  const hash = lockHash();
  if (isInstalled(hash)) return 0;
  const startedAt = Date.now();
  process.stdout.write("  installing packages (a few minutes the first time)\n");
  // Not `npm ci`: it insists that the lockfile names the builds for every platform there is, also those that a
  // registry does not hand out. This installs what the lockfile says just the same, and leaves it as it is.
  const result = spawnSync(
    process.platform === "win32" ? "npm.cmd" : "npm",
    ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"],
    {
      cwd: root,
      encoding: "utf8",
      // Prisma would look for an engine binary on the network; the schema engine used here is WebAssembly.
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, NODE_LLAMA_CPP_SKIP_DOWNLOAD: "true" },
      shell: process.platform === "win32",
    },
  );
  if (result.status !== 0) {
    process.stderr.write(
      `${result.stdout ?? ""}${result.stderr ?? ""}\nThe packages could not be installed. Check that the npm registry is reachable and that this folder is writable, then run the command again.\n`,
    );
    process.exit(1);
  }
  writeFileSync(stampFile, lockHash());
  return Date.now() - startedAt;
}

/** Installs when needed, then runs a TypeScript file under the project's own Node and ends as it ends. */
export function runUnderProjectNode(file, args = process.argv.slice(2), extraEnv = {}) {
  const installMs = ensureInstalled();
  const child = spawn(runtime, ["--disable-warning=ExperimentalWarning", join(root, file), ...args], {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      PATH: `${join(root, "node_modules", ".bin")}${process.platform === "win32" ? ";" : ":"}${process.env.PATH ?? ""}`,
      CONVERGE_INSTALL_MS: String(installMs),
      NEXT_TELEMETRY_DISABLED: "1",
      ...extraEnv,
    },
    shell: process.platform === "win32",
  });
  // The terminal sends Ctrl-C to the whole group; this parent only waits for the child to finish draining.
  process.on("SIGINT", () => undefined);
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}
