import { env } from "#server/env.ts";
import { log } from "#server/log.ts";
import { type KeyRing, openKeyRing } from "./key-ring.ts";
import { listen } from "./listen.ts";
import { watchForRotation } from "./rotate-wallets.ts";
import { closeStore, listKeyIds } from "./store.ts";

/** A new key beside an old database would look healthy and sign nothing: it is refused by name instead. */
async function checkKeyFits(keys: KeyRing): Promise<void> {
  const foreign = (await listKeyIds()).filter((keyId) => !keys.has(keyId));
  if (foreign.length > 0) {
    throw new Error(
      `The wallets in this database are encrypted under the key ${foreign.join(", ")}, but ${env.CONVERGE_HOME}/signer/kek is ${keys.newest().keyId}. Put the matching key file back, or use another database.`,
    );
  }
}

try {
  const keys = await openKeyRing(env.CONVERGE_HOME);
  await checkKeyFits(keys);
  const server = await listen(keys, env.SIGNER_SOCKET);
  log.info({ socket: env.SIGNER_SOCKET, keyId: keys.newest().keyId }, "the signer listens");
  const stopWatching = watchForRotation(keys);

  const drain = () => {
    stopWatching();
    // Requests under way are answered; the socket file goes with the server.
    server.close(() => void closeStore().then(() => process.exit(0)));
    server.closeIdleConnections();
  };
  process.once("SIGTERM", drain);
  process.once("SIGINT", drain);
} catch (error) {
  process.stderr.write(`The signer cannot start. ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
