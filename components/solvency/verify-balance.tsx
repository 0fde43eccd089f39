"use client";

import { useQuery } from "@tanstack/react-query";
import { Download, FileUp } from "lucide-react";
import { type DragEvent, lazy, Suspense, useEffect, useId, useState } from "react";
import type { BalanceProof } from "#core/solvency.ts";
import { readApiError } from "../api/read-api-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { Button } from "../ui/button.tsx";
import { CardSkeleton } from "../ui/card-skeleton.tsx";
import { cn } from "../ui/class-names.ts";
import { Field, useControl } from "../ui/field.tsx";
import { inputClass } from "../ui/input.tsx";
import type { readProof } from "./read-proof.ts";

const ProofChecks = lazy(() => import("./proof-checks.tsx"));

function download(proof: BalanceProof): void {
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(proof, null, 2)}\n`], { type: "application/json" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: `balance-proof-${proof.epoch}.json` });
  link.click();
  URL.revokeObjectURL(url);
}

/** For whoever is signed in: their own proof in one click, and as a file. */
function OwnProof({ onUse }: { onUse: (text: string) => void }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.balance.getProof.queryOptions(undefined, { enabled: false, retry: false }));
  const get = async (then: (proof: BalanceProof) => void) => {
    const { data } = await query.refetch();
    if (data) then(data as BalanceProof);
  };
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Button
        variant="primary"
        isPending={query.isFetching}
        onClick={() => void get((proof) => onUse(JSON.stringify(proof, null, 2)))}
      >
        Use mine
      </Button>
      <Button disabled={query.isFetching} onClick={() => void get(download)}>
        <Download aria-hidden /> Download mine
      </Button>
      {query.error && <p className="text-bad text-sm">{readApiError(query.error).message}</p>}
    </div>
  );
}

type TextProps = {
  value: string;
  onChange: (text: string) => void;
  isOver: boolean;
  onOver: (isOver: boolean) => void;
  onDrop: (event: DragEvent) => void;
};

function ProofText({ value, onChange, isOver, onOver, onDrop }: TextProps) {
  const control = useControl();
  return (
    <textarea
      {...control}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      onDragOver={(event) => {
        event.preventDefault();
        onOver(true);
      }}
      onDragLeave={() => onOver(false)}
      onDrop={onDrop}
      rows={8}
      spellCheck={false}
      autoComplete="off"
      placeholder='{ "version": "converge.balance-proof.v1", … }'
      className={cn(
        inputClass,
        "scroll-thin resize-y p-3 font-mono text-sm leading-5",
        isOver && "border-focus bg-sunken",
      )}
    />
  );
}

/** What the text says, read by what is fetched with the first proof: hashes, schemas and the chain's encodings. */
function useProof(text: string): ReturnType<typeof readProof> | null {
  const [read, setRead] = useState<ReturnType<typeof readProof> | null>(null);
  useEffect(() => {
    if (text.trim() === "") return setRead(null);
    let isCurrent = true;
    void import("./read-proof.ts").then((module) => {
      if (isCurrent) setRead(module.readProof(text));
    });
    return () => {
      isCurrent = false;
    };
  }, [text]);
  return read;
}

/** Takes a proof from anybody and has it checked in this browser. */
export function VerifyBalance({ isSignedIn }: { isSignedIn: boolean }) {
  const [text, setText] = useState("");
  const [isOver, setIsOver] = useState(false);
  const [hasReadFailed, setHasReadFailed] = useState(false);
  const fileId = useId();
  const read = useProof(text);
  const take = (file: File | undefined) => {
    setHasReadFailed(false);
    file?.text().then(setText, () => setHasReadFailed(true));
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    take(event.dataTransfer.files[0]);
  };
  const problem = hasReadFailed ? "The file could not be read." : read && "problem" in read ? read.problem : undefined;
  return (
    <div className="flex flex-col gap-6">
      <div className="flex flex-col gap-4">
        {isSignedIn && <OwnProof onUse={setText} />}
        <Field label="Proof" hint="Paste its JSON, or drop the file here. It does not leave this page." error={problem}>
          <ProofText value={text} onChange={setText} isOver={isOver} onOver={setIsOver} onDrop={drop} />
        </Field>
        <div>
          <input
            id={fileId}
            type="file"
            accept="application/json,.json"
            className="peer sr-only"
            onChange={(event) => take(event.target.files?.[0])}
          />
          <label
            htmlFor={fileId}
            className="inline-flex h-8 cursor-pointer items-center gap-2 rounded-md border border-line bg-surface px-3 font-medium text-sm hover:border-line-strong peer-focus-visible:outline-2 peer-focus-visible:outline-focus pointer-coarse:h-11 [&_svg]:size-4"
          >
            <FileUp aria-hidden /> Choose a file
          </label>
        </div>
      </div>
      {read && "proof" in read && (
        <Suspense fallback={<CardSkeleton rows={6} />}>
          <ProofChecks key={text} proof={read.proof} />
        </Suspense>
      )}
    </div>
  );
}
