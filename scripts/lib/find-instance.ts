import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { readConnections } from "./instance.ts";

/** Puts the database and chain of the running instance into the environment, unless they are named there already. */
export async function findInstance(needed: "all" | "database" = "all"): Promise<void> {
  if (existsSync(".env")) process.loadEnvFile(".env");
  const { DATABASE_URL, CHAIN_RPC_URL } = process.env;
  if (DATABASE_URL && (CHAIN_RPC_URL || needed === "database")) return;
  const found = await readConnections(resolve(process.env.CONVERGE_HOME || ".converge"));
  if (!found)
    throw new Error(
      "Nothing runs from this folder. Start Converge, set CONVERGE_HOME to that of a running one, or set DATABASE_URL and CHAIN_RPC_URL.",
    );
  process.env.DATABASE_URL = DATABASE_URL || found.DATABASE_URL;
  process.env.CHAIN_RPC_URL = CHAIN_RPC_URL || found.CHAIN_RPC_URL;
}
