"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { readingWindow } from "#core/journey/reading-window.ts";
import type { ProvingModelView } from "#core/schemas/proof.ts";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { AddressInput } from "../money/address-input.tsx";
import { isAddress } from "../money/is-address.ts";
import { Field } from "../ui/field.tsx";
import type { Popup } from "../ui/opener.tsx";
import { Select } from "../ui/select.tsx";
import { toast } from "../ui/toast.ts";

const INPUTS = [
  { value: "person", label: "A window of reading, at a person’s pace" },
  { value: "script", label: "The same cards, at a script’s even pace" },
] as const;
type InputKind = (typeof INPUTS)[number]["value"];

/** Events as a script would send them: the same step at the same beat, without a look back. */
const scriptedWindow = () =>
  Array.from({ length: 30 }, (_, index) => ({
    t: index * 500,
    kind: (["view", "scroll", "dwell"] as const)[index % 3] ?? "view",
    dwellMs: index % 3 === 2 ? 500 : 0,
    depth: Math.floor(index / 3) * 800,
    itemId: `card-${Math.floor(index / 3)}`,
  }));

type Props = Popup & { models: readonly ProvingModelView[] };

export default function RequestProofDialog({ models, ...popup }: Props) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [modelId, setModelId] = useState<string | null>(null);
  const [kind, setKind] = useState<InputKind>("person");
  const [typed, setTyped] = useState<string | null>(null);
  const agents = useQuery(trpc.agent.listAgents.queryOptions({ limit: 100 }, { enabled: popup.open }));
  const requester = typed ?? agents.data?.data[0]?.account ?? "";
  const model = models.find((candidate) => candidate.id === modelId) ?? models[0];

  const request = useMutation(
    trpc.proof.request.mutationOptions({
      onSuccess: () => {
        popup.onOpenChange(false);
        toast.success("The proof is on its way", { description: "It takes a few seconds; the list follows it." });
        return queryClient.invalidateQueries({ queryKey: trpc.proof.list.pathKey() });
      },
    }),
  );
  const submit = () => {
    if (!model) return;
    const events = kind === "person" ? readingWindow(Math.random) : scriptedWindow();
    request.mutate({ modelId: model.id, requester, events: [...events] });
  };

  return (
    <FormDialog
      {...popup}
      title="Order a proof"
      description="The model scores the input; the proof shows that it did, and nothing else."
      submitLabel="Order proof"
      isReady={isAddress(requester) && model !== undefined}
      isPending={request.isPending}
      error={request.error}
      onSubmit={submit}
    >
      <Field label="Model">
        <Select
          label="Model"
          options={models.map((candidate) => ({ value: candidate.id, label: candidate.name }))}
          value={model?.id ?? null}
          onValueChange={setModelId}
        />
      </Field>
      <Field label="Input" hint="It is hashed with a salt before it is proved; it never leaves the prover.">
        <Select label="Input" options={INPUTS} value={kind} onValueChange={(value) => setKind(value as InputKind)} />
      </Field>
      <AddressInput
        label="For the account"
        hint="Only this account can use the output on the chain. Your first agent’s is filled in."
        value={requester}
        onValueChange={setTyped}
      />
    </FormDialog>
  );
}
