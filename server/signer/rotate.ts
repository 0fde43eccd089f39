import { setTimeout as sleep } from "node:timers/promises";
import { env } from "#server/env.ts";
import { createKeyFile, openKeyFile } from "./key-encryption.ts";
import { nextPath } from "./key-ring.ts";
import { closeStore, countUnderOtherKeys } from "./store.ts";

// `npm run signer:rotate`, on the signer's own machine: lays a new key-encryption key beside the current one and waits
// until the running signer has moved every wallet to it. Run again after an interruption, it goes on.
const path = nextPath(env.CONVERGE_HOME);
await createKeyFile(path);
const next = await openKeyFile(path);
if (!next) throw new Error(`The next key is not at ${path}.`);
let last = -1;
// The signer puts the file in the current one's place when nothing is under the old key any more.
while (await openKeyFile(path)) {
  const left = await countUnderOtherKeys(next.keyId);
  if (left !== last) process.stdout.write(`${left} wallets to go\n`);
  last = left;
  await sleep(500);
}
process.stdout.write(
  `Every wallet is under the key ${next.keyId}. The old key lies beside it as kek.retired-…: keep it as long as backups of the database from before are kept.\n`,
);
await closeStore();
