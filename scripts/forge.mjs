// Runs forge at the repository root with the settings of contracts/foundry.toml: dependencies live in the root's
// node_modules, and the compiler resolves imports only below forge's root.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The program itself: the package's own launcher ends with 0 whatever forge ends with, so no failing test would count. */
function findForge() {
  const platform = process.platform;
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const wrapper = createRequire(import.meta.url).resolve("@foundry-rs/forge/package.json");
  const manifest = createRequire(wrapper).resolve(`@foundry-rs/forge-${platform}-${arch}/package.json`);
  return join(dirname(manifest), "bin", platform === "win32" ? "forge.exe" : "forge");
}

const [command = "--help", ...rest] = process.argv.slice(2);
const { status, error } = spawnSync(findForge(), [command, ...rest], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, FOUNDRY_CONFIG: join(root, "contracts", "foundry.toml"), FOUNDRY_ROOT: root },
});
if (error) throw error;
process.exit(status ?? 1);
