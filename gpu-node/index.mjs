#!/usr/bin/env node
// The entry for `node gpu-node`: Node 24 runs the program as it is; an older Node hands over to the installed one.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

function findRuntime() {
  const name = process.platform === "win32" ? "node.cmd" : "node";
  return [join(here, "node_modules", ".bin", name), join(here, "..", "node_modules", ".bin", name)].find((path) =>
    existsSync(path),
  );
}

if (process.features.typescript) {
  await import("./main.ts");
} else {
  const runtime = findRuntime();
  if (!runtime) {
    process.stderr.write(
      "This program needs Node 24 or newer. Run npm install in the project first; it brings one along.\n",
    );
    process.exit(1);
  }
  const child = spawn(
    runtime,
    ["--disable-warning=ExperimentalWarning", join(here, "main.ts"), ...process.argv.slice(2)],
    { stdio: "inherit" },
  );
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code) => process.exit(code ?? 1));
}
