import { generateClient } from "./build.ts";
import { finish, QUICK_SUITES, runSuite, type SuiteResult } from "./suites.ts";

await generateClient();
const results: SuiteResult[] = [];
for (const [name, command] of QUICK_SUITES) results.push(await runSuite(name, command));
finish(results);
