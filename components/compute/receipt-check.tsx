"use client";

import { ShieldCheck } from "lucide-react";
import { useState } from "react";
import type { ReceiptView } from "#core/schemas/compute.ts";
import { StatusBadge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";

type Check = { name: string; isGood: boolean; text: string };

/** Checks in this browser, with nobody's word for it but the signatures. */
async function checkReceipt(receipt: ReceiptView): Promise<Check[]> {
  const { canonicalJson, receiptDigest, verifyNodeReceipt } = await import("#core/receipt.ts");
  const digest = await receiptDigest(receipt.canonicalBody);
  const checks: Check[] = [
    {
      name: "Text",
      isGood: canonicalJson(receipt.body) === receipt.canonicalBody && digest === receipt.digest,
      text: "The figures shown are the signed text, and its hash is the receipt's.",
    },
  ];
  for (const node of receipt.nodes) {
    if (node.signature === null) continue;
    const isGood = await verifyNodeReceipt(receipt.body, node.publicKey, node.signature);
    checks.push({ name: "Node", isGood, text: `Ed25519 signature of ${node.nodeId}.` });
  }
  return checks;
}

export function ReceiptCheck({ receipt }: { receipt: ReceiptView }) {
  const [checks, setChecks] = useState<Check[] | null>(null);
  return (
    <div className="mt-6 border-line border-t border-dashed pt-4">
      {checks === null ? (
        <Button onClick={() => void checkReceipt(receipt).then(setChecks)}>
          <ShieldCheck aria-hidden /> Check it in this browser
        </Button>
      ) : (
        <ul aria-live="polite" className="flex flex-col gap-2 text-sm">
          {checks.map((check) => (
            <li key={check.text} className="flex items-start gap-2">
              <StatusBadge kind={check.isGood ? "ok" : "bad"}>{check.isGood ? "Holds" : "Does not hold"}</StatusBadge>
              <span className="text-ink-2">{check.text}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
