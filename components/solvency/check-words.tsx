import type { ReactNode } from "react";
import type { BalanceProof, ProofCheck, ProofCheckName } from "#core/solvency.ts";
import { Amount } from "../money/amount.tsx";
import { Identifier } from "../ui/identifier.tsx";

type Words = { title: string; holds: string; fails: string };

export const CHECK_WORDS: Record<ProofCheckName, Words> = {
  reference: {
    title: "The reference is this account's",
    holds: "Hash of the chain's number and the account's code.",
    fails: "The account's code leads to another reference.",
  },
  leaf: {
    title: "The leaf says the balance",
    holds: "Hash of reference, exit address and balance.",
    fails: "The balance is not one that a leaf can hold.",
  },
  salt: {
    title: "Beside it lies nothing but the salt",
    holds: "The next leaf is the hash of your secret salt, and worth nothing.",
    fails: "The next leaf is not the salt's, or is worth something.",
  },
  path: {
    title: "The path adds up",
    holds: "Every sum on the way is that of its two parts, without overflow.",
    fails: "A level of the path cannot be as it is.",
  },
  total: {
    title: "The sum of all is what was anchored",
    holds: "The path ends at the liabilities that the Vault holds.",
    fails: "The path ends at another sum than the Vault holds.",
  },
  root: {
    title: "The root is at the Vault",
    holds: "The path ends at the root that the Vault holds for this epoch.",
    fails: "The Vault holds another root for this epoch.",
  },
  reserves: {
    title: "The reserves cover it",
    holds: "The Vault's tokens at the block of the anchor, against all liabilities.",
    fails: "The Vault holds less than it owes.",
  },
};

const hash = (value: string, label: string) =>
  value.startsWith("0x") ? <Identifier value={value} label={label} head={10} tail={8} /> : value;

/** What a check found, in the form its reader can compare. */
export function checkValue({ name, value, expected, isOk }: ProofCheck, proof: BalanceProof): ReactNode {
  if (name === "leaf") return <Amount units={proof.leaf.balance} />;
  if (name === "path") return value;
  if (name === "reserves") return <Amount units={value} />;
  if (name === "total")
    return isOk ? (
      <Amount units={value} />
    ) : (
      <>
        <Amount units={value} />, the Vault says <Amount units={expected} />
      </>
    );
  const [found = value] = value.split(", ");
  if (isOk) return hash(found, "hash");
  return (
    <>
      {hash(found, "found hash")} is not {hash(expected.split(", ")[0] ?? expected, "expected hash")}
    </>
  );
}
