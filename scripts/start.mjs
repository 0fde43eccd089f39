// npm start: installs when needed, then starts everything. npm run dev is the same with hot reload.
import { runUnderProjectNode } from "./lib/bootstrap.mjs";

runUnderProjectNode("scripts/lib/start.ts");
