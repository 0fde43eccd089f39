import type { Address, Hex } from "viem";
import { encodeAbiParameters, encodeFunctionData, pad } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { agentAccountAbi } from "#core/generated/abis.ts";
import type { OperationView, OwnerSignature, PreparedOperation } from "#core/schemas/account.ts";
import { userOperationTypedData } from "#core/user-operation.ts";
import type { OperatedAccount } from "#server/chain/user-operations.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { getPersonalAccount, ownerOf } from "./get-account.ts";
import { type OperationPurpose, type PreparedRow, prepareRow, viewOperation } from "./operation-rows.ts";
import { encodeOwnerSignature, type Owner } from "./owner.ts";
import { submitSigned } from "./submit-operation.ts";
import { viewToSign } from "./to-sign.ts";

export type OwnerCall = { target: Address; data: Hex };

/** ERC-7821: a batch, all or nothing, without extra data. */
const BATCH_MODE: Hex = pad("0x01", { dir: "right", size: 32 });

export function encodeOwnerBatch(calls: readonly OwnerCall[]): Hex {
  const batch = encodeAbiParameters(
    [
      {
        type: "tuple[]",
        components: [
          { name: "target", type: "address" },
          { name: "value", type: "uint256" },
          { name: "data", type: "bytes" },
        ],
      },
    ],
    [calls.map(({ target, data }) => ({ target, value: 0n, data }))],
  );
  return encodeFunctionData({ abi: agentAccountAbi, functionName: "execute", args: [BATCH_MODE, batch] });
}

/** An owner's lanes have no address in their low bits, so that they never meet an agent key's. */
const ownerNonceKey = (lane: number): bigint => BigInt(lane) << 160n;

/** What a client shows and signs. */
async function viewPrepared(prepared: PreparedRow, owner: Owner): Promise<PreparedOperation> {
  const typed = userOperationTypedData(prepared.operation, env.CHAIN_ID);
  return {
    id: prepared.id,
    ...(await viewToSign(prepared.hash, typed, owner)),
    expiresAt: prepared.expiresAt.toISOString(),
  };
}

/** Prepares an operation that the owner of an account signs; whatever it does, the gas sponsor pays. */
export async function prepareForOwner(
  account: OperatedAccount & { passkeyId: string | null },
  callData: Hex,
  purpose: OperationPurpose,
): Promise<PreparedOperation> {
  return viewPrepared(await prepareRow(account, callData, purpose, ownerNonceKey), ownerOf(account));
}

/** Prepares calls of a person's own account; the account is deployed with its first operation. */
export async function prepareUserOperation(input: {
  owner: string;
  calls: readonly OwnerCall[];
  purpose?: string;
  refId?: string;
}): Promise<PreparedOperation> {
  const account = await getPersonalAccount(input.owner);
  if (!account) throw new DomainError("OWNER_REQUIRED");
  return prepareForOwner(account, encodeOwnerBatch(input.calls), {
    userId: input.owner,
    purpose: input.purpose ?? "account-calls",
    ...(input.refId ? { refId: input.refId } : {}),
  });
}

export function prepareOperation(
  actor: Actor,
  input: { calls: { target: string; data: string }[] },
): Promise<PreparedOperation> {
  const calls = input.calls.map(({ target, data }) => ({ target: target as Address, data: data as Hex }));
  return prepareUserOperation({ owner: actor.userId, calls });
}

/** Takes the owner's signature for a prepared operation and sends it. A repeat answers how it went. */
export async function submitOperation(
  actor: Actor,
  input: { id: string; signature: OwnerSignature },
): Promise<OperationView> {
  const row = await db.userOperation.findFirst({ where: { id: input.id, userId: actor.userId, agentId: null } });
  if (!row) throw new DomainError("NOT_FOUND");
  if (row.status === "prepared") {
    const signature = encodeOwnerSignature(await ownerOfSender(row.sender), input.signature);
    await submitSigned(row.id, signature).catch(async (error: unknown) => {
      // The same request a moment earlier: its operation is on its way, and this is a repeat of it.
      const now = await db.userOperation.findUnique({ where: { id: row.id }, select: { status: true } });
      if (now?.status === "prepared") throw error;
    });
  }
  return getOperation(actor, { id: row.id });
}

async function ownerOfSender(sender: string): Promise<Hex> {
  const personal = await db.personalAccount.findUnique({ where: { address: sender } });
  const agent = personal ? null : await db.agent.findUnique({ where: { account: sender } });
  const owner = personal?.owner ?? agent?.owner;
  if (!owner) throw new DomainError("NOT_FOUND");
  return owner as Hex;
}

export async function getOperation(actor: Actor, input: { id: string }): Promise<OperationView> {
  const { userId, agentId } = actor;
  const row = await db.userOperation.findFirst({ where: { id: input.id, userId, ...(agentId ? { agentId } : {}) } });
  if (!row) throw new DomainError("NOT_FOUND");
  return viewOperation(row);
}
