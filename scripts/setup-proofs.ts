/** Makes the shipped model provable on the development chain; idempotent: `node scripts/setup-proofs.ts`. */
import { db, pool } from "#server/db.ts";
import { setUpModel } from "#server/proofs/setup-model.ts";

const { modelId, registryModelId, verifier } = await setUpModel();
console.log(`event-scorer is ${modelId}, in the registry ${registryModelId}, verifier ${verifier}`);
await db.$disconnect();
await pool.end();
