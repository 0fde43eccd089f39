"use client";

import { useMutation } from "@tanstack/react-query";
import { ShieldCheck, ShieldX } from "lucide-react";
import { useState } from "react";
import { notifyError } from "../api/notify-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { StatusBadge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";

type Props = { modelId: string; proof: string; publicInputs: readonly string[] };

/** The same proof with the last bit of its output changed: the smallest lie there is. */
function withOneBitChanged(publicInputs: readonly string[]): string[] {
  return publicInputs.map((word, index) =>
    index === 3 ? `0x${(BigInt(word) ^ 1n).toString(16).padStart(64, "0")}` : word,
  );
}

/** Asks the verifier contract, with the proof as it is and, to see it refuse, with one bit changed. */
export function VerifyProof({ modelId, proof, publicInputs }: Props) {
  const trpc = useTRPC();
  const [isTampered, setIsTampered] = useState(false);
  const verify = useMutation(
    trpc.proof.verify.mutationOptions({ onError: (error) => notifyError("The verifier could not be asked", error) }),
  );
  const run = (tampered: boolean) => {
    setIsTampered(tampered);
    const [context = "", commitment = "", inputHash = "", output = ""] = tampered
      ? withOneBitChanged(publicInputs)
      : publicInputs;
    verify.mutate({ modelId, proof, publicInputs: [context, commitment, inputHash, output] });
  };
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap gap-2">
        <Button isPending={verify.isPending && !isTampered} onClick={() => run(false)}>
          {!(verify.isPending && !isTampered) && <ShieldCheck aria-hidden />} Verify it
        </Button>
        <Button variant="ghost" isPending={verify.isPending && isTampered} onClick={() => run(true)}>
          {!(verify.isPending && isTampered) && <ShieldX aria-hidden />} Change one bit and verify
        </Button>
      </div>
      <p aria-live="polite" className="flex min-h-6 flex-wrap items-center gap-2 text-ink-2 text-sm">
        {verify.data && (
          <>
            <StatusBadge kind={verify.data.isValid ? "ok" : "bad"}>
              {verify.data.isValid ? "Valid" : "Refused"}
            </StatusBadge>
            {verify.data.isValid
              ? `The contract accepts it: the output is ${verify.data.output}.`
              : "The contract refuses it. One bit is enough."}
          </>
        )}
      </p>
    </div>
  );
}
