import type { VerifierKind } from "#core/schemas/proof.ts";

/** The kind of a verifier contract and who has looked at it, in a few words. */
export const VERIFIER_WORDS: Readonly<Record<VerifierKind, string>> = {
  optimized: "optimized, outside the audit",
  plain: "plain, in the audit",
};
