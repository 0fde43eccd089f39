// npm test: everything, from a fresh clone. Installs when needed.
import { runUnderProjectNode } from "./lib/bootstrap.mjs";

runUnderProjectNode("scripts/lib/test.ts");
