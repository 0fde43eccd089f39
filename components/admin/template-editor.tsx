"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import { type AdminTemplateDetail, type TemplatePolicy, templatePolicy } from "#core/schemas/policy-template.ts";
import { LimitFields } from "../agents/limit-fields.tsx";
import { EMPTY_DRAFT, type PolicyTerms } from "../agents/policy-draft.ts";
import { readJson } from "../agents/read-json.ts";
import { templateOf, termsOf } from "../agents/template-draft.ts";
import { readApiError } from "../api/read-api-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { AmountInput } from "../money/amount-input.tsx";
import { Button } from "../ui/button.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { CheckboxRow } from "../ui/checkbox-row.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { TabPanel, Tabs } from "../ui/tabs.tsx";
import { TextArea } from "../ui/text-area.tsx";
import { toast } from "../ui/toast.ts";
import { ReasonField } from "./reason-field.tsx";
import { TemplateWords } from "./template-words.tsx";

const TABS = [
  { value: "form", label: "Form" },
  { value: "json", label: "JSON" },
] as const;

const textOf = (terms: PolicyTerms): string => JSON.stringify(templateOf(terms), null, 2);

type About = { name: string; description: string; position: string; reason: string };
type AboutProps = { about: About; isNew: boolean; onChange: (change: Partial<About>) => void };

function AboutFields({ about, isNew, onChange }: AboutProps) {
  return (
    <CardBody className="grid gap-4 sm:grid-cols-[minmax(0,3fr)_minmax(0,1fr)]">
      <Field label="Name">
        <Input
          value={about.name}
          maxLength={40}
          placeholder="Research buyer"
          onChange={(event) => onChange({ name: event.target.value })}
        />
      </Field>
      <Field label="Place" hint={isNew ? "Empty: the last." : "The lowest is first."}>
        <Input
          inputMode="numeric"
          className="tabular"
          value={about.position}
          maxLength={4}
          onChange={(event) => onChange({ position: event.target.value.replace(/\D/g, "") })}
        />
      </Field>
      <Field label="Description" hint="One sentence, shown where it is chosen." className="sm:col-span-2">
        <Input
          value={about.description}
          maxLength={160}
          placeholder="Buys answers for small sums, by day."
          onChange={(event) => onChange({ description: event.target.value })}
        />
      </Field>
      {!isNew && (
        <div className="sm:col-span-2">
          <ReasonField reason={about.reason} onReasonChange={(reason) => onChange({ reason })} />
        </div>
      )}
    </CardBody>
  );
}

function TermsFields({ terms, onChange }: { terms: PolicyTerms; onChange: (change: Partial<PolicyTerms>) => void }) {
  return (
    <div className="flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <LimitFields terms={terms} onChange={onChange} revision="" />
        <AmountInput
          label="Ask the owner above"
          hint="Empty: it never asks."
          units={terms.askOver}
          onUnitsChange={(askOver) => onChange({ askOver })}
        />
      </div>
      <CheckboxRow
        label="Fill its own balance here, to buy inference"
        checked={terms.mayDeposit}
        onCheckedChange={(mayDeposit) => onChange({ mayDeposit })}
      />
      <CheckboxRow
        label="Trade what the chain’s market has, on the pools"
        checked={terms.mayTrade}
        onCheckedChange={(mayTrade) => onChange({ mayTrade })}
      />
    </div>
  );
}

/** Saves what was written: as a draft, or as the next version of what there is. */
function useSave(template: AdminTemplateDetail | null) {
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const refresh = () =>
    Promise.all([
      queryClient.invalidateQueries({ queryKey: trpc.templateAdmin.pathKey() }),
      queryClient.invalidateQueries({ queryKey: trpc.agent.listPolicyTemplates.pathKey() }),
    ]);
  const create = useMutation(
    trpc.templateAdmin.create.mutationOptions({
      onSuccess: async ({ id, name }) => {
        toast.success(`${name} is a draft`, { description: "Publish it when it is as it should be." });
        await refresh();
        router.push(`/admin/templates/${id}`);
      },
    }),
  );
  const change = useMutation(
    trpc.templateAdmin.change.mutationOptions({
      onSuccess: async ({ name, version }) => {
        toast.success(`${name} is at version ${version}`);
        await refresh();
      },
    }),
  );
  const save = ({ name, description, position, reason }: About, policy: TemplatePolicy) => {
    const named = { name: name.trim(), description: description.trim(), policy };
    if (template === null) create.mutate({ ...named, ...(position === "" ? {} : { position: Number(position) }) });
    else {
      const { id, version } = template;
      change.mutate({ ...named, id, version, position: Number(position || template.position), reason: reason.trim() });
    }
  };
  const { isPending, error } = template === null ? create : change;
  return { save, isPending, problem: error ? readApiError(error).message : null };
}

type InWordsProps = {
  template: AdminTemplateDetail | null;
  result: ReturnType<typeof readJson<TemplatePolicy>>;
  isReady: boolean;
  isPending: boolean;
  /** Why it was not saved. */
  problem: string | null;
};

/** What is written, as it will be read, with the button that saves it. */
function InWords({ template, result, isReady, isPending, problem }: InWordsProps) {
  return (
    <Card className="lg:sticky lg:top-20">
      <CardHeader title="In words" description="As it would be signed today." />
      <CardBody className="flex flex-col gap-4">
        <div>
          {"value" in result ? (
            <TemplateWords policy={result.value} />
          ) : (
            <p className="text-bad text-sm">{result.problem}</p>
          )}
        </div>
        {problem !== null && (
          <p role="alert" className="text-bad text-sm">
            {problem}
          </p>
        )}
        <Button type="submit" variant="primary" size="lg" isPending={isPending} disabled={!isReady}>
          {template === null ? "Save as a draft" : `Save as version ${template.version + 1}`}
        </Button>
        <p className="text-ink-3 text-xs">
          {template?.status === "published"
            ? "It is offered from then on. Agents that were made from an older version stay as they are."
            : "Nobody is offered it until it is published."}
        </p>
      </CardBody>
    </Card>
  );
}

/** Writes a template, by its fields or as JSON, beside what it says in words. */
export function TemplateEditor({ template }: { template: AdminTemplateDetail | null }) {
  const [about, setAbout] = useState<About>({
    name: template?.name ?? "",
    description: template?.description ?? "",
    position: template?.position.toString() ?? "",
    reason: "",
  });
  const [tab, setTab] = useState<string>("form");
  const [terms, setTerms] = useState<PolicyTerms>(template ? termsOf(template.policy) : EMPTY_DRAFT);
  const [text, setText] = useState(() => textOf(terms));
  const { save, isPending, problem } = useSave(template);
  const result = readJson(templatePolicy, text);
  const changeTerms = (change: Partial<PolicyTerms>) => {
    setTerms({ ...terms, ...change });
    setText(textOf({ ...terms, ...change }));
  };
  const changeText = (next: string) => {
    setText(next);
    const typed = readJson(templatePolicy, next);
    if ("value" in typed) setTerms(termsOf(typed.value));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if ("value" in result) save(about, result.value);
  };
  const isComplete = about.name.trim() !== "" && about.description.trim() !== "";
  const isReady = "value" in result && isComplete && (template === null || about.reason.trim().length >= 3);
  return (
    <form
      onSubmit={submit}
      className="grid grid-cols-1 items-start gap-6 *:min-w-0 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]"
    >
      <div className="flex flex-col gap-6">
        <Card>
          <CardHeader title="What it is" />
          <AboutFields
            about={about}
            isNew={template === null}
            onChange={(change) => setAbout({ ...about, ...change })}
          />
        </Card>
        <Card>
          <CardHeader
            title="What it allows"
            description="It names nobody and no date: payees, and when it ends, come with each agent."
          />
          <CardBody>
            <Tabs tabs={TABS} value={tab} onValueChange={setTab} label="How it is written">
              <TabPanel value="form">
                <TermsFields terms={terms} onChange={changeTerms} />
              </TabPanel>
              <TabPanel value="json">
                <Field
                  label="Policy"
                  hint="Amounts are base units: 1000000 is one dollar. Rules are deposit, trade, call and function."
                  {...("problem" in result ? { error: result.problem } : {})}
                >
                  <TextArea
                    value={text}
                    onChange={(event) => changeText(event.target.value)}
                    rows={16}
                    spellCheck={false}
                    className="font-mono text-sm"
                  />
                </Field>
              </TabPanel>
            </Tabs>
          </CardBody>
        </Card>
      </div>
      <InWords template={template} result={result} isReady={isReady} isPending={isPending} problem={problem} />
    </form>
  );
}
