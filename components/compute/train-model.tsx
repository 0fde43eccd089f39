"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { AmountInput } from "../money/amount-input.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import type { Popup } from "../ui/opener.tsx";
import { Select } from "../ui/select.tsx";
import { JobPrice, useQuote } from "./job-price.tsx";
import { uploadFile } from "./upload-file.ts";

const SECONDS = 900;
const most = (price: string): string => ((BigInt(price || "0") * BigInt(SECONDS) + 3_599n) / 3_600n).toString();

/** A CSV in, a classifier out: as ONNX, with what it was measured to be worth. */
export default function TrainModel(popup: Popup) {
  const [file, setFile] = useState<File | null>(null);
  const [columns, setColumns] = useState<string[]>([]);
  const [label, setLabel] = useState("");
  const [price, setPrice] = useState("1000000");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const router = useRouter();
  const create = useMutation(trpc.job.createTraining.mutationOptions());
  const quote = useQuote(
    price === "" || price === "0"
      ? null
      : { command: ["converge-train"], timeLimitSeconds: SECONDS, pricePerHourMax: price },
  );
  const choose = async (chosen: File | null) => {
    setFile(chosen);
    const head = chosen ? await chosen.slice(0, 65_536).text() : "";
    const names = (head.split(/\r?\n/, 1)[0] ?? "").split(",").map((name) => name.trim().replace(/^"(.*)"$/, "$1"));
    const found = names.filter((name) => name !== "");
    setColumns(found);
    setLabel(found.at(-1) ?? "");
  };
  const train = useMutation({
    mutationFn: async () => {
      if (!file) throw new Error("Choose a file first.");
      const csv = await uploadFile(file);
      return create.mutateAsync({
        csv,
        label,
        name: `Train ${label}`.slice(0, 80),
        pricePerHourMax: price,
        timeLimitSeconds: SECONDS,
      });
    },
    onSuccess: async (job) => {
      await queryClient.invalidateQueries({ queryKey: trpc.job.pathKey() });
      popup.onOpenChange(false);
      router.push(`/compute/jobs/${job.id}`);
    },
  });
  return (
    <FormDialog
      {...popup}
      title="Train a model"
      description="A small classifier on your CSV, with a header and numbers in every column but one. You get it as ONNX."
      submitLabel="Train it"
      isReady={file !== null && label !== "" && price !== "" && price !== "0"}
      isPending={train.isPending}
      error={train.error}
      onSubmit={() => train.mutate()}
    >
      <Field label="CSV file">
        <Input
          type="file"
          className="py-1"
          accept=".csv,text/csv"
          onChange={(event) => void choose(event.target.files?.[0] ?? null)}
        />
      </Field>
      {columns.length > 0 && (
        <Field label="Column to tell" hint="What the model learns to say from all the others.">
          <Select
            options={columns.map((name) => ({ value: name, label: name }))}
            value={label}
            onValueChange={setLabel}
          />
        </Field>
      )}
      <AmountInput label="Price an hour, at most" units={price} onUnitsChange={setPrice} />
      <JobPrice quote={quote} most={most(price)} />
    </FormDialog>
  );
}
