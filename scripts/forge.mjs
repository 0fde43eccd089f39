// Runs forge at the repository root with the settings of contracts/foundry.toml: dependencies live in the root's
// node_modules, and the compiler resolves imports only below forge's root.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const forge = join(dirname(createRequire(import.meta.url).resolve("@foundry-rs/forge/package.json")), "bin.mjs");

const [command = "--help", ...rest] = process.argv.slice(2);
const { status, error } = spawnSync(process.execPath, [forge, command, ...rest], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, FOUNDRY_CONFIG: join(root, "contracts", "foundry.toml"), FOUNDRY_ROOT: root },
});
if (error) throw error;
process.exit(status ?? 1);
