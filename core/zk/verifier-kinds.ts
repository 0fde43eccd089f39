import type { VerifierKind } from "../schemas/proof.ts";

/** The registry's numbers for the kinds, as `IModelRegistry.VerifierKind`; 0 is a verifier that is not listed. */
export const REGISTRY_KIND: Readonly<Record<VerifierKind, number>> = { plain: 1, optimized: 2 };

/** What is known of who has looked at each, as the registry's owner lists it on the chain. */
export const AUDIT_NOTE: Readonly<Record<VerifierKind, string>> = {
  plain:
    "Barretenberg's plain verifier: its source is among the files of the audit that Barretenberg listed in March 2026.",
  optimized:
    "Barretenberg's optimized verifier: in no published audit; the list of March 2026 is older than it (AztecProtocol/aztec-packages#24997).",
};
