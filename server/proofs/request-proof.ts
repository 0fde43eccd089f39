import { createHash, randomBytes } from "node:crypto";
import { bytesToHex, type Hex } from "viem";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import type { ProofView, RequestProofInput } from "#core/schemas/proof.ts";
import { featuresOf } from "#core/zk/event-features.ts";
import { contextOf, inferenceIdOf, toWord } from "#core/zk/inference-request.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { db, sqlOf, type Transaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { addJob } from "#server/queue.ts";
import { getProof } from "./get-proof.ts";
import { stopOf } from "./model-stop.ts";
import { randomField } from "./trained-model.ts";

const DEADLINE_MS_DEFAULT = 60 * 60_000;
const DEADLINE_MS_MIN = 60_000;
const DEADLINE_MS_MAX = 7 * 24 * 60 * 60_000;
/** Proofs of one person that may wait at a time, so that nobody fills the prover's queue alone. */
const WAITING_MAX = 20;

/**
 * Orders the proof of one output for one requester.
 *
 * The row and the job that proves it are one transaction. A repeated idempotency key answers with the first
 * proof; another body under it is an error. The features are deleted as soon as the proof exists or has failed.
 */
export async function requestProof(
  actor: Actor,
  input: RequestProofInput,
  idempotencyKey: string | null,
): Promise<ProofView> {
  const requestHash = createHash("sha256").update(JSON.stringify(input)).digest("hex");
  const id = newId("proof");
  const ordered = await db.$transaction(async (tx) => {
    const first = await findFirst(tx, actor.userId, idempotencyKey, requestHash);
    if (first) return first;
    const deadline = chooseDeadline(input.deadline);
    const model = await tx.provingModel.findUnique({ where: { id: input.modelId } });
    if (!model) throw new DomainError("MODEL_NOT_FOUND", { param: "modelId" });
    const stop = stopOf(model);
    if (stop) throw new DomainError("MODEL_STOPPED", { param: "modelId", ...stop });
    await refuseWhenFull(tx, actor.userId);

    const nonce = BigInt(input.nonce ?? bytesToHex(randomBytes(32)));
    const { chainId, contracts } = loadDeployment();
    const request = { modelId: model.registryModelId as Hex, requester: input.requester, nonce };
    const batch = {
      modelId: request.modelId,
      version: model.registryVersion,
      nonce,
      deadline: BigInt(deadline.getTime() / 1000),
      requests: [{ requester: input.requester }],
    };
    const { count } = await tx.proof.createMany({
      data: {
        id,
        userId: actor.userId,
        modelId: model.id,
        requester: input.requester,
        nonce: toWord(nonce),
        deadline,
        context: toWord(contextOf({ chainId, address: contracts.InferenceRegistry }, batch)),
        inferenceId: inferenceIdOf(request),
        privateInput: { features: input.features ?? featuresOf(input.events ?? []), salt: randomField().toString() },
        idempotencyKey: idempotencyKey ?? id,
        requestHash,
      },
      skipDuplicates: true,
    });
    if (count === 0) {
      const racing = await findFirst(tx, actor.userId, idempotencyKey, requestHash);
      if (racing) return racing;
      throw new DomainError("PROOF_NONCE_USED", { param: "nonce" });
    }
    await addJob(sqlOf(tx), "prove", { proofId: id }, { jobKey: `prove:${id}`, maxAttempts: 1 });
    return id;
  });
  return getProof(actor, { id: ordered });
}

/** Whole seconds, since the contract knows no others. */
function chooseDeadline(wanted: string | undefined): Date {
  const nowMs = Date.now();
  const atMs = wanted === undefined ? nowMs + DEADLINE_MS_DEFAULT : Date.parse(wanted);
  if (atMs < nowMs + DEADLINE_MS_MIN || atMs > nowMs + DEADLINE_MS_MAX) {
    throw new DomainError("PROOF_DEADLINE_INVALID", { param: "deadline" });
  }
  return new Date(Math.floor(atMs / 1000) * 1000);
}

async function findFirst(tx: Transaction, userId: string, idempotencyKey: string | null, requestHash: string) {
  if (idempotencyKey === null) return null;
  const first = await tx.proof.findUnique({ where: { userId_idempotencyKey: { userId, idempotencyKey } } });
  if (first && first.requestHash !== requestHash) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
  return first?.id ?? null;
}

async function refuseWhenFull(tx: Transaction, userId: string): Promise<void> {
  const waiting = await tx.proof.count({ where: { userId, status: { in: ["queued", "proving"] } } });
  if (waiting >= WAITING_MAX) throw new DomainError("PROOF_LIMIT_REACHED", { limit: WAITING_MAX });
}
