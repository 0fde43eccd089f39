import type { Address, Hex } from "viem";
import { z } from "zod";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import { addressSchema, bytes32Schema, bytesSchema, uintSchema } from "#core/policy/policy.ts";
import type { OperationView } from "#core/schemas/account.ts";
import type { PackedUserOperation } from "#core/user-operation.ts";
import { buildUserOperation, type OperatedAccount, type UnsignedOperation } from "#server/chain/user-operations.ts";
import { db, withTransaction } from "#server/db.ts";

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

/**
 * Takes the lowest lane in which nothing of this account is under way. Operations of one lane follow each other by
 * nonce, so two at once in the same lane would push each other out; reused lanes keep the nonce's storage cheap.
 */
async function takeLane(
  sender: Address,
  purpose: OperationPurpose,
): Promise<{ id: string; lane: number; expiresAt: Date }> {
  const id = newId("userOperation");
  const expiresAt = new Date(Date.now() + LIFETIME_MS);
  return withTransaction(async (sql) => {
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
        `draft:${id}`,
        sender,
        lane,
        expiresAt,
      ],
    );
    return { id, lane, expiresAt };
  });
}

export type PreparedRow = UnsignedOperation & { id: string; expiresAt: Date };

/** Builds an operation and keeps it until it is signed or ten minutes have passed. */
export async function prepareRow(
  account: OperatedAccount,
  callData: Hex,
  purpose: OperationPurpose,
  nonceKeyOf: (lane: number) => bigint,
): Promise<PreparedRow> {
  const { id, lane, expiresAt } = await takeLane(account.address, purpose);
  try {
    const built = await buildUserOperation({ account, callData, nonceKey: nonceKeyOf(lane) });
    await db.userOperation.update({
      where: { id },
      data: { hash: built.hash, operation: operationToJson(built.operation) },
    });
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
