import type { Hex } from "viem";
import { DomainError } from "#core/errors.ts";
import { enqueueTransaction } from "#server/chain/outbox.ts";
import { bundleOf, checkSignedOperation } from "#server/chain/user-operations.ts";
import { db, type Sql, withTransaction } from "#server/db.ts";
import { operationFromJson, operationToJson } from "./operation-rows.ts";

export const OPERATION_PURPOSE = "user-operation";
const operationOrderKey = (id: string): string => `user-operation:${id}`;

/**
 * Orders a signed operation, once. It is tried against the chain first, so a refusal comes with the contract's own
 * reason and nothing is sent. `alongside` runs in the transaction that orders it.
 */
export async function submitSigned(
  id: string,
  signature: Hex,
  alongside: (sql: Sql) => Promise<void> = async () => undefined,
): Promise<void> {
  const row = await db.userOperation.findUniqueOrThrow({ where: { id } });
  if (row.status !== "prepared" || row.expiresAt <= new Date()) throw new DomainError("OPERATION_CLOSED");
  const operation = { ...operationFromJson(row.operation), signature };
  await checkSignedOperation(operation);
  await withTransaction(async (sql) => {
    const changed = await sql.query(
      `UPDATE user_operation SET status = 'submitted', operation = $2::jsonb, updated_at = now()
        WHERE id = $1 AND status = 'prepared' AND expires_at > now() RETURNING id`,
      [id, JSON.stringify(operationToJson(operation))],
    );
    if (changed.length === 0) throw new DomainError("OPERATION_CLOSED");
    await enqueueTransaction(sql, {
      key: operationOrderKey(id),
      ...bundleOf(operation),
      purpose: OPERATION_PURPOSE,
      refId: id,
    });
    await alongside(sql);
  });
}
