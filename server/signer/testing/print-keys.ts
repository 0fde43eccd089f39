import { openKeyRing } from "../key-ring.ts";
import { closeStore, findWallet, inTransaction } from "../store.ts";
import { withSecret } from "../wallets.ts";

// Prints the private keys of wallets of a development signer, so that a fault can look for them where none may be:
// node server/signer/testing/print-keys.ts WALLET…
const { CONVERGE_HOME, CHAIN_ID = "31337" } = process.env;
if (!CONVERGE_HOME || CHAIN_ID !== "31337") throw new Error("Keys are printed on the development chain only.");
const keys = await openKeyRing(CONVERGE_HOME);
for (const id of process.argv.slice(2)) {
  const wallet = await inTransaction((connection) => findWallet(connection, id));
  if (!wallet) throw new Error(`There is no wallet ${id}.`);
  const secret = await withSecret(keys, wallet, (bytes) => Buffer.from(bytes).toString("hex"));
  process.stdout.write(`${secret}\n`);
}
await closeStore();
