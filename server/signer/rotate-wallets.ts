import { timingSafeEqual } from "node:crypto";
import { log } from "#server/log.ts";
import type { KeyRing } from "./key-ring.ts";
import { countUnderOtherKeys, inTransaction, lockUnderOtherKeys, updateKey, type WalletRow } from "./store.ts";
import { boundTo } from "./wallets.ts";

/** Few enough that whoever signs with one of them waits for milliseconds. */
const WALLETS_AT_ONCE = 25;
const LOOK_EVERY_MS = 1_000;

/** The wallet under the newest key: its data key wrapped anew, its grant's code made anew. Null when it was altered. */
async function rewrap(keys: KeyRing, wallet: WalletRow): Promise<WalletRow | null> {
  const [from, to] = [keys.of(wallet.key_id), keys.newest()];
  let dataKey: Buffer | undefined;
  try {
    dataKey = await from.unwrap(wallet.wrapped_data_key, boundTo(wallet, "data-key"));
    const isGenuine =
      wallet.grant_text === null ||
      (wallet.grant_mac !== null && isSame(wallet.grant_mac, await from.authenticate(wallet.grant_text)));
    // A new code would make genuine what is not.
    if (!isGenuine) return null;
    return {
      ...wallet,
      key_id: to.keyId,
      wrapped_data_key: await to.wrap(dataKey, boundTo(wallet, "data-key")),
      grant_mac: wallet.grant_text === null ? null : await to.authenticate(wallet.grant_text),
    };
  } catch {
    return null;
  } finally {
    dataKey?.fill(0);
  }
}

const isSame = (one: Buffer, other: Buffer): boolean => one.length === other.length && timingSafeEqual(one, other);

/** One pass over all wallets under older keys, a few at a time. Answers which were altered behind the signer's back. */
async function rewrapAll(keys: KeyRing): Promise<string[]> {
  const altered: string[] = [];
  for (let after = ""; ; ) {
    const last = await inTransaction(async (connection) => {
      const { keyId } = keys.newest();
      const rows = await lockUnderOtherKeys(connection, { keyId, after, limit: WALLETS_AT_ONCE });
      for (const row of rows) {
        const moved = await rewrap(keys, row);
        if (moved) await updateKey(connection, moved);
        else altered.push(row.id);
      }
      return rows.at(-1)?.id;
    });
    if (last === undefined) return altered;
    after = last;
  }
}

/**
 * Moves every wallet to the next key-encryption key, when one was laid beside the current one, while signing goes on. It
 * can be cut off anywhere: each wallet says under which key it is, and the next start goes on. The old key is put aside
 * once nothing is under it.
 */
export async function rotateIfAsked(keys: KeyRing): Promise<void> {
  await keys.reload();
  if (!keys.isRotating()) return;
  const altered = await rewrapAll(keys);
  const left = await countUnderOtherKeys(keys.newest().keyId);
  if (left === 0) {
    await keys.finishRotation();
    log.info({ event: "signer.rotated", keyId: keys.newest().keyId }, "every wallet is under the new key");
    return;
  }
  // Those in use a moment ago are taken at the next look; those that were altered keep the old key in its place.
  if (altered.length > 0)
    log.error({ event: "signer.rotation-stuck", wallets: altered.slice(0, 20), count: altered.length });
}

/** Looks for a next key now and then, until stopped. */
export function watchForRotation(keys: KeyRing): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const look = () =>
    rotateIfAsked(keys)
      .catch((error: unknown) => log.error({ event: "signer.rotation-failed", err: error }))
      .finally(() => {
        if (!isOver) timer = setTimeout(look, LOOK_EVERY_MS);
      });
  void look();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
