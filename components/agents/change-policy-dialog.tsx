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
import { TabPanel, Tabs } from "../ui/tabs.tsx";
import { TextArea } from "../ui/text-area.tsx";
import { toast } from "../ui/toast.ts";
import { PolicyChanges } from "./policy-changes.tsx";
import { PolicyForm } from "./policy-form.tsx";
import { readJson } from "./read-json.ts";

const TYPED_MS = 400;

const TABS = [
  { value: "form", label: "Form" },
  { value: "code", label: "Code" },
] as const;

/** The policy in a form or as code, which are two views of one text: edited, shown against the one of now and against the last thirty days, then taken. */
export default function ChangePolicyDialog({ id, source, ...popup }: Popup & { id: string; source: PolicyInput }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  // What the form shows may be no policy yet, such as while an address is typed.
  const [policy, setPolicy] = useState(source);
  const [text, setText] = useState(() => JSON.stringify(source, null, 2));
  const [tab, setTab] = useState<string>("form");
  const write = (next: PolicyInput) => {
    setPolicy(next);
    setText(JSON.stringify(next, null, 2));
  };
  const writeCode = (next: string) => {
    setText(next);
    const typed = readJson(policyInput, next);
    if ("value" in typed) setPolicy(typed.value);
  };
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
      description="What it would change is shown below, before anything holds."
      submitLabel={preview.data?.isNarrower === false ? "Stage it" : "Apply now"}
      isReady={isReady}
      isPending={propose.isPending}
      error={propose.error}
      onSubmit={() => "value" in result && propose.mutate({ id, policy: result.value })}
    >
      <Tabs tabs={TABS} value={tab} onValueChange={setTab} label="How to change it">
        <TabPanel value="form">
          <PolicyForm policy={policy} onChange={write} />
        </TabPanel>
        <TabPanel value="code">
          <Field
            label="Policy"
            hint="Base units: 1000000 is one dollar. Rules may name any function and demand anything of its arguments."
          >
            <TextArea
              value={text}
              onChange={(event) => writeCode(event.target.value)}
              rows={14}
              spellCheck={false}
              className="font-mono text-sm"
            />
          </Field>
        </TabPanel>
      </Tabs>
      {"problem" in result && <p className="text-bad text-sm">{result.problem}</p>}
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
