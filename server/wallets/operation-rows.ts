import type { Address, Hex } from "viem";
import { z } from "zod";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import { addressSchema, bytes32Schema, bytesSchema, uintSchema } from "#core/policy/policy.ts";
import type { OperationView } from "#core/schemas/account.ts";
import type { PackedUserOperation } from "#core/user-operation.ts";
import {
  buildUserOperation,
  nextNonce,
  type OperatedAccount,
  type UnsignedOperation,
} from "#server/chain/user-operations.ts";
import { db, type Sql, withTransaction } from "#server/db.ts";

const uint256 = uintSchema(2n ** 256n - 1n);
const storedOperationSchema = z.strictObject({
  sender: addressSchema,
  nonce: uint256,
  initCode: bytesSchema(8_192),
  callData: bytesSchema(131_072),
  accountGasLimits: bytes32Schema,
  preVerificationGas: uint256,
  gasFees: bytes32Schema,
  paymasterAndData: bytesSchema(2_048),
  signature: bytesSchema(16_384),
});

/** A packed operation as JSON with decimal strings. */
export const operationToJson = (operation: PackedUserOperation) => ({
  ...operation,
  nonce: operation.nonce.toString(),
  preVerificationGas: operation.preVerificationGas.toString(),
});

export const operationFromJson = (json: unknown): PackedUserOperation => storedOperationSchema.parse(json);

const LIFETIME_MS = 10 * 60_000;
const LANES_MAX = 2 ** 16;

/** Who an operation is for and what it does; `agentId` when the agent's own key signs it. */
export type OperationPurpose = { userId: string; purpose: string; refId?: string; agentId?: string };

/** A row that holds a lane for ten minutes, before what is to be signed is known. */
export type Draft = { id: string; lane: number; expiresAt: Date };

/**
 * Takes the lowest lane in which nothing of this account is under way. Operations of one lane follow each other by
 * nonce, so two at once in the same lane would push each other out; reused lanes keep the nonce's storage cheap, and
 * whatever was signed there and never sent dies with the lane's next operation.
 */
export async function takeLaneIn(
  sql: Sql,
  sender: Address,
  purpose: OperationPurpose,
  id: string = newId("userOperation"),
): Promise<Draft> {
  const expiresAt = new Date(Date.now() + LIFETIME_MS);
  await sql.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))::text", [`lane:${sender}`]);
  const taken = await sql.query<{ lane: number }>(
    `SELECT lane FROM user_operation
      WHERE sender = $1 AND (status = 'submitted' OR (status = 'prepared' AND expires_at > now()))`,
    [sender],
  );
  const used = new Set(taken.map((row) => row.lane));
  let lane = 0;
  while (used.has(lane)) lane++;
  if (lane >= LANES_MAX)
    throw new DomainError("CONFLICT", { message: "Too many operations of this account are under way." });
  await sql.query(
    `INSERT INTO user_operation (id, user_id, agent_id, purpose, ref_id, hash, sender, lane, operation, expires_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '{}', $9, now())`,
    [
      id,
      purpose.userId,
      purpose.agentId ?? null,
      purpose.purpose,
      purpose.refId ?? null,
      draftHash(id),
      sender,
      lane,
      expiresAt,
    ],
  );
  return { id, lane, expiresAt };
}

const draftHash = (id: string): string => `draft:${id}`;

export type PreparedRow = UnsignedOperation & { id: string; expiresAt: Date };

/**
 * Writes down what will be signed, unless another call did so first: there is one operation a row, ever.
 *
 * An earlier row of the lane that came to nothing may have been the very same operation. The chain can take it once, and
 * if it does, that is this row's: the earlier one gives up the hash. `alongside` runs in the same transaction.
 */
export async function keepOperation(
  id: string,
  built: UnsignedOperation,
  alongside: (sql: Sql) => Promise<void> = async () => undefined,
): Promise<void> {
  await withTransaction(async (sql) => {
    await sql.query(
      `UPDATE user_operation SET hash = 'superseded:' || id, updated_at = now()
        WHERE hash = $1 AND id <> $2 AND (status = 'failed' OR (status = 'prepared' AND expires_at <= now()))`,
      [built.hash, id],
    );
    await sql.query(
      `UPDATE user_operation SET hash = $2, operation = $3::jsonb, updated_at = now()
        WHERE id = $1 AND hash = $4 AND status = 'prepared'`,
      [id, built.hash, JSON.stringify(operationToJson(built.operation)), draftHash(id)],
    );
    await alongside(sql);
  });
}

/** The row of an operation that was not sent yet, and the operation once it was written down. */
export async function findUnsent(id: string): Promise<{ draft: Draft; prepared: PreparedRow | null }> {
  const row = await db.userOperation.findUnique({ where: { id } });
  if (row?.status !== "prepared" || row.expiresAt <= new Date()) throw new DomainError("OPERATION_CLOSED");
  const { lane, expiresAt } = row;
  const isDraft = row.hash === draftHash(id);
  const prepared = isDraft
    ? null
    : { id, expiresAt, hash: row.hash as Hex, operation: operationFromJson(row.operation) };
  return { draft: { id, lane, expiresAt }, prepared };
}

/** Builds an operation and keeps it until it is signed or ten minutes have passed. */
export async function prepareRow(
  account: OperatedAccount,
  callData: Hex,
  purpose: OperationPurpose,
  nonceKeyOf: (lane: number) => bigint,
): Promise<PreparedRow> {
  const { id, lane, expiresAt } = await withTransaction((sql) => takeLaneIn(sql, account.address, purpose));
  try {
    const nonce = await nextNonce(account.address, nonceKeyOf(lane));
    const built = await buildUserOperation({ account, callData, nonce });
    await keepOperation(id, built);
    return { ...built, id, expiresAt };
  } catch (error) {
    await db.userOperation.delete({ where: { id } });
    throw error;
  }
}

type Row = NonNullable<Awaited<ReturnType<typeof db.userOperation.findUnique>>>;

export function viewOperation(row: Row): OperationView {
  return {
    id: row.id,
    purpose: row.purpose,
    refId: row.refId,
    hash: row.hash,
    sender: row.sender,
    status: row.status as OperationView["status"],
    transactionHash: row.transactionHash,
    gasUsed: row.gasUsed?.toString() ?? null,
    gasCost: row.gasCost?.toFixed(0) ?? null,
    error: row.error,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  };
}
