"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type PolicyInput, policyInput } from "#core/schemas/agent-policy.ts";
import { AddressesIn } from "../addresses/addresses-in.tsx";
import { FormDialog } from "../api/form-dialog.tsx";
import { QueryError } from "../api/query-error.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Field } from "../ui/field.tsx";
import type { Popup } from "../ui/opener.tsx";
import { TextArea } from "../ui/text-area.tsx";
import { toast } from "../ui/toast.ts";
import { PolicyChanges } from "./policy-changes.tsx";
import { readJson } from "./read-json.ts";

const TYPED_MS = 400;

/** The policy as code: edited, shown against the one of now and against the last thirty days, then taken. */
export default function ChangePolicyDialog({ id, source, ...popup }: Popup & { id: string; source: PolicyInput }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [text, setText] = useState(() => JSON.stringify(source, null, 2));
  const result = readJson(policyInput, text);
  const preview = useMutation(trpc.agent.previewPolicy.mutationOptions());
  const propose = useMutation(
    trpc.agent.proposePolicy.mutationOptions({
      onSuccess: async ({ isNarrower }) => {
        popup.onOpenChange(false);
        toast.success(isNarrower ? "The signer holds to it from now on" : "Staged: sign it when its time has come");
        await queryClient.invalidateQueries({ queryKey: trpc.agent.pathKey() });
      },
    }),
  );
  const { mutate } = preview;
  useEffect(() => {
    const typed = readJson(policyInput, text);
    if (!popup.open || !("value" in typed)) return;
    const timer = setTimeout(() => mutate({ id, policy: typed.value }), TYPED_MS);
    return () => clearTimeout(timer);
  }, [popup.open, text, id, mutate]);
  const isReady = "value" in result && preview.data !== undefined && preview.data.changes.length > 0;
  return (
    <FormDialog
      {...popup}
      title="Change its limits"
      description="Amounts are base units: 1000000 is one dollar. Rules may name any function and demand anything of its arguments."
      submitLabel={preview.data?.isNarrower === false ? "Stage it" : "Apply now"}
      isReady={isReady}
      isPending={propose.isPending}
      error={propose.error}
      onSubmit={() => "value" in result && propose.mutate({ id, policy: result.value })}
    >
      <Field label="Policy" {...("problem" in result ? { error: result.problem } : {})}>
        <TextArea
          value={text}
          onChange={(event) => setText(event.target.value)}
          rows={14}
          spellCheck={false}
          className="font-mono text-sm"
        />
      </Field>
      <AddressesIn text={text} />
      {preview.isError && (
        <QueryError
          error={preview.error}
          what="The preview"
          onRetry={() => "value" in result && mutate({ id, policy: result.value })}
        />
      )}
      {"value" in result && preview.data && <PolicyChanges preview={preview.data} />}
    </FormDialog>
  );
}
