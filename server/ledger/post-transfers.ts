import { DomainError } from "#core/errors.ts";
import type { Sql } from "#server/db.ts";
import { failureOf, idsOf, NOT_APPLIED, type Transfer, transferId, transferOperation } from "./operations.ts";
import { submit, submitIn } from "./submit.ts";

/** `replayed` tells that the key was seen before and the transfer is the one made then. */
export type PostedTransfer = { transferId: string; replayed: boolean };

export type TransferOutcome = ({ ok: true } & PostedTransfer) | { ok: false; error: DomainError };

const posted = ({ id, replayed }: { id: string; replayed: boolean }): PostedTransfer => ({
  transferId: transferId(id),
  replayed,
});

/** Posts transfers in order, all or none, and resolves once they are committed. */
export async function postTransfers(transfers: readonly Transfer[]): Promise<PostedTransfer[]> {
  return idsOf(await submit(transfers.map(transferOperation), true)).map(posted);
}

/** Posts transfers in order, each on its own: one that is refused does not keep the others back. */
export async function postEachTransfer(transfers: readonly Transfer[]): Promise<TransferOutcome[]> {
  const prepared = transfers.map((transfer) => {
    try {
      return { operation: transferOperation(transfer) };
    } catch (error) {
      if (error instanceof DomainError) return { error };
      throw error;
    }
  });
  const operations = prepared.flatMap(({ operation }) => (operation ? [operation] : []));
  const results = await submit(operations, false);
  let next = 0;
  return prepared.map(({ error }): TransferOutcome => {
    if (error) return { ok: false, error };
    const result = results[next++];
    if (result?.status === "ok") return { ok: true, ...posted(result) };
    const failure = result && result.status !== NOT_APPLIED ? failureOf([result]) : null;
    if (!failure) throw new Error("The ledger left a transfer out");
    return { ok: false, error: failure };
  });
}

/**
 * Posts transfers in the caller's transaction, all or none: they exist exactly when everything else it did does.
 *
 * Call it once in a transaction and late: it holds the accounts' locks until the caller commits.
 */
export async function postTransfersIn(sql: Sql, transfers: readonly Transfer[]): Promise<PostedTransfer[]> {
  return idsOf(await submitIn(sql, transfers.map(transferOperation))).map(posted);
}
