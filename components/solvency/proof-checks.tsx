"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type BalanceProof, checkBalanceProof, checkProofAlone, type ProofCheck } from "#core/solvency.ts";
import { Amount } from "../money/amount.tsx";
import { StatusBadge, type StatusKind } from "../ui/badge.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { Time } from "../ui/time.tsx";
import { ANCHOR_WORDS, askVault, decodeAnchor, readAnswer } from "./ask-chain.ts";
import { CHECK_WORDS, checkValue } from "./check-words.tsx";
import { OwnNode } from "./own-node.tsx";

function CheckLine({ check, proof }: { check: ProofCheck; proof: BalanceProof }) {
  const words = CHECK_WORDS[check.name];
  return (
    <li className="grid gap-x-4 gap-y-1 py-3 sm:grid-cols-[8rem_1fr_auto]">
      <StatusBadge kind={check.isOk ? "ok" : "bad"} className="justify-self-start">
        {check.isOk ? "Holds" : "Does not hold"}
      </StatusBadge>
      <div className="min-w-0">
        <p className="font-medium">{words.title}</p>
        <p className="text-ink-2 text-sm">{check.isOk ? words.holds : words.fails}</p>
      </div>
      <div className="min-w-0 text-sm sm:text-right">{checkValue(check, proof)}</div>
    </li>
  );
}

type Verdict = { kind: StatusKind; word: string; title: string };

function judge(checks: ProofCheck[], isComplete: boolean, isOtherChain: boolean, isUnreachable: boolean): Verdict {
  const failed = checks.filter(({ isOk }) => !isOk).length;
  if (failed > 0)
    return {
      kind: "bad",
      word: failed === 1 ? "1 check fails" : `${failed} checks fail`,
      title: "This proof does not hold",
    };
  if (isOtherChain) return { kind: "bad", word: "Another chain", title: "This proof is of another chain" };
  if (isComplete)
    return {
      kind: "ok",
      word: `${checks.length} of ${checks.length} hold`,
      title: "This balance is in what the Vault owes",
    };
  return isUnreachable
    ? { kind: "warn", word: "Chain not asked", title: "The proof is sound in itself" }
    : { kind: "busy", word: "Asking the chain", title: "Checking" };
}

/** Every check of a proof, made here, each with what it found. */
export default function ProofChecks({ proof }: { proof: BalanceProof }) {
  const [pasted, setPasted] = useState({ anchor: "", reserves: "" });
  const chain = useQuery({
    queryKey: ["vault", proof.vault, proof.token, proof.epoch, proof.anchor.blockNumber],
    queryFn: () => askVault(proof),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const ownAnchor = readAnswer(pasted.anchor, ANCHOR_WORDS);
  const ownReserves = readAnswer(pasted.reserves, 1);
  const isOtherChain = chain.data !== undefined && chain.data.chainId !== proof.chainId && ownAnchor === null;
  const anchor = ownAnchor ? decodeAnchor(ownAnchor) : chain.data?.anchor;
  const reserves = ownReserves ? BigInt(ownReserves) : chain.data?.reserves;
  const isComplete = anchor !== undefined && reserves !== undefined && !isOtherChain;
  const checks = isComplete ? checkBalanceProof(proof, anchor, reserves) : checkProofAlone(proof).checks;
  const verdict = judge(checks, isComplete, isOtherChain, chain.isError);
  return (
    <Card aria-label="What was checked">
      <CardHeader
        title={verdict.title}
        description={
          <>
            Epoch {proof.epoch}, balances of <Time iso={proof.snapshotAt} isExact />:{" "}
            <Amount units={proof.leaf.balance} /> for <span className="break-all font-mono">{proof.accountCode}</span>
          </>
        }
        action={<StatusBadge kind={verdict.kind}>{verdict.word}</StatusBadge>}
      />
      <CardBody className="py-1">
        <ul aria-live="polite" className="divide-y divide-line">
          {checks.map((check) => (
            <CheckLine key={check.name} check={check} proof={proof} />
          ))}
        </ul>
        {!isComplete && (chain.isError || isOtherChain) && (
          <p className="border-line border-t py-3 text-sm text-warn">
            {isOtherChain
              ? `This site reads chain ${chain.data?.chainId}; the proof is of chain ${proof.chainId}. Ask a node of that chain.`
              : `Sum, root and reserves are not checked: ${chain.error?.message}`}
          </p>
        )}
      </CardBody>
      <OwnNode proof={proof} pasted={pasted} onPaste={setPasted} />
    </Card>
  );
}
