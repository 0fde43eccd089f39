"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { BadgeCheck } from "lucide-react";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import { readingWindow } from "#core/journey/reading-window.ts";
import type { ProvingModelView } from "#core/schemas/proof.ts";
import { readApiError } from "../api/read-api-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogClose } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";

const FORM_ID = "request-proof";

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

export function RequestProofDialog({ models }: { models: readonly ProvingModelView[] }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const [modelId, setModelId] = useState<string | null>(null);
  const [kind, setKind] = useState<InputKind>("person");
  const [typed, setTyped] = useState<string | null>(null);
  const agents = useQuery(trpc.agent.listAgents.queryOptions({ limit: 100 }, { enabled: isOpen }));
  const requester = typed ?? agents.data?.data[0]?.account ?? "";
  const model = models.find((candidate) => candidate.id === modelId) ?? models[0];
  const isAddress = /^0x[0-9a-fA-F]{40}$/.test(requester);

  const request = useMutation(
    trpc.proof.request.mutationOptions({
      onSuccess: () => {
        setIsOpen(false);
        toast.success("The proof is on its way", { description: "It takes a few seconds; the list follows it." });
        return queryClient.invalidateQueries({ queryKey: trpc.proof.list.pathKey() });
      },
    }),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!model) return;
    const events = kind === "person" ? readingWindow(Math.random) : scriptedWindow();
    request.mutate({ modelId: model.id, requester, events: [...events] });
  };

  return (
    <Dialog
      open={isOpen}
      onOpenChange={setIsOpen}
      trigger={
        <Button variant="primary" disabled={models.length === 0}>
          <BadgeCheck aria-hidden /> Order a proof
        </Button>
      }
      title="Order a proof"
      description="The model scores the input; the proof shows that it did, and nothing else."
      footer={
        <>
          <DialogClose render={<Button>Cancel</Button>} />
          <Button
            type="submit"
            form={FORM_ID}
            variant="primary"
            isPending={request.isPending}
            disabled={!isAddress || !model}
          >
            Order proof
          </Button>
        </>
      }
    >
      <form id={FORM_ID} onSubmit={submit} className="flex flex-col gap-4">
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
        <Field
          label="For the account"
          hint="Only this account can use the output on the chain. Your first agent’s is filled in."
          error={
            typed !== null && typed !== "" && !isAddress ? "An address is 0x and 40 hexadecimal digits." : undefined
          }
        >
          <Input
            className="font-mono"
            value={requester}
            onChange={(event) => setTyped(event.target.value.trim())}
            placeholder="0x…"
            spellCheck={false}
          />
        </Field>
        {request.isError && (
          <p role="alert" className="text-bad text-sm">
            {readApiError(request.error).message}
          </p>
        )}
      </form>
    </Dialog>
  );
}
