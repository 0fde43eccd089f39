import { join } from "node:path";
import { signerClient } from "#server/chain/signer-client.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import { DEMO_NAMES, ensureDemoUser } from "#server/identity/demo-accounts.ts";
import { ensurePlatformAccounts } from "#server/ledger/ensure-accounts.ts";
import { setUpModel } from "#server/proofs/setup-model.ts";
import { deployContracts } from "./deploy-contracts.ts";
import { seedDevelopment } from "./seed-development.ts";

// Brings chain and database to where the processes can start: contracts, the provable model, and in development the
// demo people and a funded campaign. Every part finds out by itself whether there is anything to do.
const { address: operator } = await signerClient.getOperator({});
const outFile = join(env.CONVERGE_HOME, "deployments", `${env.CHAIN_ID}.json`);
if (env.isDevelopmentChain) await deployContracts({ rpcUrl: env.CHAIN_RPC_URL, operator, outFile });
await ensurePlatformAccounts(sqlOf(pool));
if (env.isDevelopmentChain) {
  for (const name of DEMO_NAMES) await ensureDemoUser(name);
  await seedDevelopment();
  await setUpModel();
}
process.stdout.write(`operator ${operator.slice(0, 10)}…, contracts, model and accounts in place\n`);
await db.$disconnect();
await pool.end();
