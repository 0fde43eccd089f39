// npm run check: format, lint, boundaries, types and unit tests; no service is started.
import { runUnderProjectNode } from "./lib/bootstrap.mjs";

runUnderProjectNode("scripts/lib/check.ts");
