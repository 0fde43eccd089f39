#!/usr/bin/env node
// Answers forge like a native solc, with the compiler of the npm package "solc", so that contracts compile
// wherever npm installs. Forge passes every source inside the standard JSON input, so no file is read here.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc");

if (process.argv.includes("--version")) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
}
