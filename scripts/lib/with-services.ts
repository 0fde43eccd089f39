import { spawn } from "node:child_process";
import { startTestServices } from "./services.ts";

const args = process.argv.slice(2);
const split = args.indexOf("--");
const command = split >= 0 ? args.slice(split + 1) : [];
const [program, ...rest] = command;
if (!program) {
  process.stderr.write("Usage: node scripts/with-services.mjs [--chain] -- COMMAND …\n");
  process.exit(2);
}
const services = await startTestServices({ chain: args.slice(0, split).includes("--chain") });
const child = spawn(program, rest, {
  stdio: "inherit",
  env: { ...process.env, ...services.env, CONVERGE_TEST_WORLD: services.home },
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
child.on("error", async (error) => {
  process.stderr.write(`${error.message}\n`);
  await services.stop();
  process.exit(127);
});
child.on("exit", async (code) => {
  await services.stop();
  process.exit(code ?? 1);
});
