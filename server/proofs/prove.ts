import { type Address, encodeFunctionData, type Hex, hexToBytes, zeroAddress } from "viem";
import { z } from "zod";
import { inferenceRegistryAbi } from "#core/generated/abis.ts";
import type { PROOF_FAILURES } from "#core/schemas/proof.ts";
import { toWord } from "#core/zk/inference-request.ts";
import { FEATURE_COUNT, publicInputsOf, toCircuitInput } from "#core/zk/mlp.ts";
import { Prisma, type Proof, type ProvingModel } from "#generated/prisma/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { enqueueTransaction } from "#server/chain/outbox.ts";
import { db, sqlOf } from "#server/db.ts";
import { log } from "#server/log.ts";
import { addJob } from "#server/queue.ts";
import { ensureCircuitKeys } from "./build-verifier.ts";
import { RECORD_INFERENCE } from "./chain-events.ts";
import { checkProof } from "./check-proof.ts";
import { EVENT_SCORER_CIRCUIT, loadCircuit } from "./circuit-artifact.ts";
import { type CircuitProof, proveWitness, solveWitness } from "./prove-circuit.ts";
import { findTrainedModel } from "./trained-model.ts";

type Failure = (typeof PROOF_FAILURES)[number];
type Claimed = Proof & { model: ProvingModel };

/** A prover is given this long; afterwards another may take the proof over. */
const LOCK_MS = 4 * 60_000;
/** A prover that dies gets one more try, in case the machine and not the input was at fault. */
const ATTEMPTS_MAX = 2;
/** The registry must still take the proof when the transaction arrives. */
const MARGIN_MS = 15_000;

const privateInputSchema = z.strictObject({
  features: z.array(z.int().min(0).max(255)).length(FEATURE_COUNT),
  salt: z.string().regex(/^\d+$/),
});

/**
 * Proves one queued output, checks it with the contract and sends it to the registry.
 *
 * Safe to run twice and to be killed anywhere: a proof is claimed with a lock and the number of the attempt, only
 * the holder of the last attempt may finish it, and finishing orders the transaction in the same commit.
 */
export async function prove(payload: { proofId: string }): Promise<void> {
  const claimed = await claim(payload.proofId);
  if (!claimed) return;
  if (claimed.deadline.getTime() < Date.now() + MARGIN_MS) return fail(claimed, "DEADLINE_PASSED");
  const trained = findTrainedModel(claimed.model.commitment);
  if (!trained) return fail(claimed, "MODEL_MISSING");

  const secret = privateInputSchema.parse(claimed.privateInput);
  const input = {
    model: trained.model,
    salt: trained.salt,
    features: secret.features,
    inputSalt: BigInt(secret.salt),
    context: BigInt(claimed.context),
  };
  let proved: CircuitProof;
  try {
    const artifact = loadCircuit(EVENT_SCORER_CIRCUIT);
    const keys = await ensureCircuitKeys(artifact);
    proved = await proveWitness(artifact, keys, await solveWitness(artifact, toCircuitInput(input)));
  } catch (error) {
    log.warn({ event: "proof.prover_failed", proofId: claimed.id, attempt: claimed.attempts, err: error });
    return claimed.attempts < ATTEMPTS_MAX ? requeue(claimed) : fail(claimed, "PROVER_FAILED");
  }

  // What is published is what was asked for, by the integer reference and by the contract, or nothing is.
  const expected = publicInputsOf(input).map(toWord);
  const isExpected = expected.every((word, i) => word === proved.publicInputs[i]);
  const verifier = claimed.model.verifierAddress as Address;
  if (!isExpected || !(await checkProof(verifier, proved.proof, expected))) return fail(claimed, "PROOF_REFUSED");
  await publish(claimed, proved, { inputHash: toWord(publicInputsOf(input)[2]), output: publicInputsOf(input)[3] });
}

async function claim(id: string): Promise<Claimed | null> {
  const now = new Date();
  const { count } = await db.proof.updateMany({
    where: { id, OR: [{ status: "queued" }, { status: "proving", lockedUntil: { lt: now } }] },
    data: { status: "proving", attempts: { increment: 1 }, lockedUntil: new Date(now.getTime() + LOCK_MS) },
  });
  return count === 0 ? null : db.proof.findUnique({ where: { id }, include: { model: true } });
}

/** Only the attempt that holds the proof may change it. */
const held = (claimed: Claimed) => ({ id: claimed.id, status: "proving" as const, attempts: claimed.attempts });

async function fail(claimed: Claimed, failureCode: Failure): Promise<void> {
  await db.proof.updateMany({
    where: held(claimed),
    data: { status: "failed", failureCode, privateInput: Prisma.DbNull, lockedUntil: null },
  });
}

async function requeue(claimed: Claimed): Promise<void> {
  await db.$transaction(async (tx) => {
    const { count } = await tx.proof.updateMany({
      where: held(claimed),
      data: { status: "queued", lockedUntil: null },
    });
    if (count === 1) await addJob(sqlOf(tx), "prove", { proofId: claimed.id }, { maxAttempts: 1 });
  });
}

async function publish(
  claimed: Claimed,
  proved: CircuitProof,
  result: { inputHash: Hex; output: bigint },
): Promise<void> {
  const data = encodeFunctionData({
    abi: inferenceRegistryAbi,
    functionName: "recordInference",
    args: [
      {
        modelId: claimed.model.registryModelId as Hex,
        version: claimed.model.registryVersion,
        nonce: BigInt(claimed.nonce),
        deadline: BigInt(claimed.deadline.getTime() / 1000),
        requests: [{ requester: claimed.requester as Address, consumer: zeroAddress }],
        inputHash: result.inputHash,
        outputs: [result.output],
      },
      proved.proof,
    ],
  });
  await db.$transaction(async (tx) => {
    const { count } = await tx.proof.updateMany({
      where: held(claimed),
      data: {
        status: "proved",
        proof: hexToBytes(proved.proof) as Uint8Array<ArrayBuffer>,
        inputHash: result.inputHash,
        output: Number(result.output),
        proveMs: proved.proveMs,
        provedAt: new Date(),
        privateInput: Prisma.DbNull,
        lockedUntil: null,
      },
    });
    if (count === 0) return;
    await enqueueTransaction(sqlOf(tx), {
      key: `record-inference:${claimed.id}`,
      to: loadDeployment().contracts.InferenceRegistry,
      data,
      purpose: RECORD_INFERENCE,
      refId: claimed.id,
    });
  });
}
