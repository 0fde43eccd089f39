import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runToEnd } from "./lib/processes.ts";
import { NODE_FLAGS, root } from "./lib/services.ts";

// Generated files are committed so that types need no compiler run; here they are made again and must not differ.
const GENERATED = [{ file: "core/generated/abis.ts", command: ["scripts/generate-abis.mjs"] }];

async function run([script = "", ...args]: string[]): Promise<void> {
  await runToEnd(process.execPath, [...NODE_FLAGS, join(root, script), ...args], { cwd: root });
}

let drifted = 0;
for (const { file, command } of GENERATED) {
  const before = await readFile(join(root, file), "utf8");
  await run(command);
  if ((await readFile(join(root, file), "utf8")) !== before) {
    drifted += 1;
    process.stderr.write(`${file} differs from what its sources say. It was written anew: commit it.\n`);
  }
}
// Migrations are written once and then stand; together they have to say what the schema says.
await run(["scripts/db.ts", "check"]).catch((error: Error) => {
  drifted += 1;
  process.stderr.write(`${error.message}\n`);
});
process.exit(drifted === 0 ? 0 : 1);
