import { type BalanceProof, balanceProofSchema } from "#core/solvency.ts";

const LENGTH_MAX = 200_000;

/** What somebody pasted or dropped, as a proof; or in words what it is not. */
export function readProof(text: string): { proof: BalanceProof } | { problem: string } {
  if (text.length > LENGTH_MAX) return { problem: "This is too long to be a proof." };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "This is not JSON. A proof begins with { and ends with }." };
  }
  const parsed = balanceProofSchema.safeParse(value);
  if (parsed.success) return { proof: parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") ?? "";
  return {
    problem: `This is not a proof of ours: ${where ? `"${where}" is missing or not well formed.` : "it is not an object."}`,
  };
}
