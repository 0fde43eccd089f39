import type { ProofView } from "#core/schemas/proof.ts";
import { AUDIT_NOTE } from "#core/zk/verifier-kinds.ts";
import type { Definition } from "../ui/definition-list.tsx";
import { DefinitionList } from "../ui/definition-list.tsx";
import { Identifier } from "../ui/identifier.tsx";

const word = (term: string, value: string | null): Definition => ({
  term,
  value:
    value === null ? (
      <span className="text-ink-3">Not yet</span>
    ) : (
      <Identifier value={value} label={term.toLowerCase()} head={10} tail={8} />
    ),
});

/** What the proof is about, and what it was checked against. */
export function ProofFacts({ proof }: { proof: ProofView }) {
  return (
    <DefinitionList
      items={[
        { term: "Model", value: `${proof.modelName}, version ${proof.registryVersion} of its weights` },
        word("Commitment", proof.commitment),
        word("Input hash", proof.inputHash),
        word("Context", proof.context),
        word("Inference", proof.inferenceId),
        word("For the account", proof.requester),
        word("Verifier", proof.verifierAddress),
        { term: "Verifier’s audit", value: AUDIT_NOTE[proof.verifierKind] },
        word("Registry", proof.registryAddress),
        word("Transaction", proof.transactionHash),
      ]}
    />
  );
}
