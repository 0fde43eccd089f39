import type { ProofSummary } from "#core/schemas/proof.ts";
import type { ReceiptStep } from "../receipt/receipt-step.ts";
import { shorten } from "../ui/identifier.tsx";

const FAILURES: Record<NonNullable<ProofSummary["failureCode"]>, string> = {
  PROVER_FAILED: "The prover ended without a proof, twice.",
  PROOF_REFUSED: "The verifier refused the proof, so it was not published.",
  DEADLINE_PASSED: "The deadline passed before the proof was recorded.",
  MODEL_MISSING: "The model is not here any more.",
  NOT_RECORDED: "The registry did not take the proof.",
};

/** From the order of a proof to the transaction that used it. */
export function proofSteps(proof: ProofSummary): ReceiptStep[] {
  const hasFailed = proof.status === "failed";
  const steps: ReceiptStep[] = [
    {
      kind: "event",
      title: "A proof was ordered",
      at: proof.createdAt,
      detail: `For the account ${shorten(proof.requester)}.`,
      hash: proof.id,
    },
    proof.provedAt === null
      ? { kind: "proof", title: "The prover makes the proof", state: hasFailed ? "refused" : "waiting" }
      : {
          kind: "proof",
          title: "Proved, and checked by the verifier contract",
          at: proof.provedAt,
          detail: proof.proveMs === null ? undefined : `The prover took ${(proof.proveMs / 1000).toFixed(1)} s.`,
          hash: proof.inferenceId,
        },
  ];
  if (hasFailed) {
    const detail = proof.failureCode === null ? undefined : FAILURES[proof.failureCode];
    return [
      ...steps,
      { kind: "decision", title: "No proof came about; nothing was charged", detail, state: "refused" },
    ];
  }
  steps.push(
    proof.recordedAt === null
      ? { kind: "transaction", title: "The registry records it", state: "waiting" }
      : {
          kind: "transaction",
          title: "Recorded in the registry",
          at: proof.recordedAt,
          detail: proof.blockNumber === null ? undefined : `Block ${proof.blockNumber}.`,
          hash: proof.transactionHash ?? undefined,
        },
  );
  if (proof.consumedAt !== null) {
    steps.push({
      kind: "transaction",
      title: "Used, and used up",
      at: proof.consumedAt,
      hash: proof.consumedHash ?? undefined,
    });
  }
  return steps;
}
