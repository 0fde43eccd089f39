// Runs one of the project's TypeScript programs under its own Node: node scripts/run.mjs FILE [arguments].
import { runUnderProjectNode } from "./lib/bootstrap.mjs";

const [file, ...args] = process.argv.slice(2);
if (!file) {
  process.stderr.write("Usage: node scripts/run.mjs FILE [arguments]\n");
  process.exit(2);
}
runUnderProjectNode(file, args);
