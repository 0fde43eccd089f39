// Runs a command beside a throw-away Postgres (and chain): node scripts/with-services.mjs [--chain] -- COMMAND …
import { runUnderProjectNode } from "./lib/bootstrap.mjs";

runUnderProjectNode("scripts/lib/with-services.ts");
