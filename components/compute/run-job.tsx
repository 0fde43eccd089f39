"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { type JobSpecInput, jobSpec } from "#core/schemas/job.ts";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { AmountInput } from "../money/amount-input.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import type { Popup } from "../ui/opener.tsx";
import { TextArea } from "../ui/text-area.tsx";
import { JobPrice, useQuote } from "./job-price.tsx";
import { uploadFile } from "./upload-file.ts";

/** The machine a job is meant for, when it was chosen before. */
export type Chosen = { nodeId: string; nodeName: string; gpuCount: number; pricePerHourMax: string };

type Draft = {
  script: string;
  cores: string;
  memory: string;
  gpus: string;
  minutes: string;
  price: string;
  outputs: string;
};

const FIRST: Draft = {
  script: "",
  cores: "1",
  memory: "1024",
  gpus: "0",
  minutes: "10",
  price: "1000000",
  outputs: "",
};

const listOf = (text: string): string[] =>
  text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");

/** The spec that a form stands for, or null while it is none. */
function specOf(draft: Draft, inputs: JobSpecInput["inputs"], chosen?: Chosen): JobSpecInput | null {
  const spec = {
    name: draft.script.split("\n")[0]?.trim().slice(0, 60) || "job",
    command: ["sh", "-c", draft.script],
    resources: {
      cpuCores: Number(draft.cores),
      memoryMb: Number(draft.memory),
      gpuCount: Number(draft.gpus),
    },
    timeLimitSeconds: Number(draft.minutes) * 60,
    pricePerHourMax: draft.price,
    inputs,
    artifacts: listOf(draft.outputs),
    ...(chosen ? { nodeId: chosen.nodeId } : {}),
  };
  return draft.script.trim() !== "" && jobSpec.safeParse(spec).success ? spec : null;
}

const mostOf = (spec: JobSpecInput | null): string =>
  spec === null
    ? "0"
    : ((BigInt(spec.pricePerHourMax) * BigInt(spec.timeLimitSeconds ?? 0) + 3_599n) / 3_600n).toString();

/** What to run, with what, for how long and how much; what it costs stands beside it before anything is set aside. */
export default function RunJob({ chosen, ...popup }: Popup & { chosen?: Chosen }) {
  const [draft, setDraft] = useState<Draft>(
    chosen ? { ...FIRST, gpus: String(chosen.gpuCount), price: chosen.pricePerHourMax } : FIRST,
  );
  const [files, setFiles] = useState<File[]>([]);
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const router = useRouter();
  const create = useMutation(trpc.job.create.mutationOptions());
  const spec = specOf(draft, [], chosen);
  const quote = useQuote(spec);
  const run = useMutation({
    mutationFn: async () => {
      const inputs = await Promise.all(files.map(async (file) => ({ path: file.name, blob: await uploadFile(file) })));
      const whole = specOf(draft, inputs, chosen);
      if (!whole) throw new Error("A file's name cannot be used in a job's folder.");
      return create.mutateAsync(whole);
    },
    onSuccess: async (job) => {
      await queryClient.invalidateQueries({ queryKey: trpc.job.pathKey() });
      popup.onOpenChange(false);
      router.push(`/compute/jobs/${job.id}`);
    },
  });
  const set = (field: keyof Draft) => (value: string) => setDraft((before) => ({ ...before, [field]: value }));
  const number = (field: keyof Draft, label: string) => (
    <Field label={label}>
      <Input
        inputMode="numeric"
        className="tabular"
        value={draft[field]}
        onChange={(event) => set(field)(event.target.value.replace(/\D/g, ""))}
      />
    </Field>
  );
  return (
    <FormDialog
      {...popup}
      title={chosen ? `Rent ${chosen.nodeName}` : "Run a job"}
      description="It runs apart from everything else on the machine, without a network, and ends at its limits."
      submitLabel="Run it"
      isReady={spec !== null}
      isPending={run.isPending}
      error={run.error}
      onSubmit={() => run.mutate()}
    >
      <Field label="Script" hint="Run by sh in the job’s own folder.">
        <TextArea
          rows={4}
          spellCheck={false}
          value={draft.script}
          onChange={(event) => set("script")(event.target.value)}
          placeholder="wc -l < data.txt > result.txt"
          className="font-mono"
        />
      </Field>
      <Field label="Files in" hint="They lie beside the script under their names.">
        <Input type="file" className="py-1" multiple onChange={(event) => setFiles([...(event.target.files ?? [])])} />
      </Field>
      <Field label="Files out" hint="Names, separated by commas: what is brought back when it ends.">
        <Input
          value={draft.outputs}
          onChange={(event) => set("outputs")(event.target.value)}
          placeholder="result.txt"
        />
      </Field>
      <div className="grid grid-cols-2 gap-3 sm:grid-cols-4">
        {number("cores", "Cores")}
        {number("memory", "Memory, MB")}
        {number("gpus", "GPUs")}
        {number("minutes", "Minutes at most")}
      </div>
      <AmountInput label="Price an hour, at most" units={draft.price} onUnitsChange={set("price")} />
      {spec ? (
        <JobPrice quote={quote} most={mostOf(spec)} />
      ) : (
        <p className="min-h-10 text-ink-3 text-sm">Write a script to see what it costs.</p>
      )}
    </FormDialog>
  );
}
