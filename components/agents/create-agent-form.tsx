"use client";

import { useQuery } from "@tanstack/react-query";
import { CircleAlert } from "lucide-react";
import { type FormEvent, lazy, Suspense, useEffect, useState } from "react";
import type { OpenKey } from "#core/private-key.ts";
import type { PolicyTemplateView } from "#core/schemas/policy-template.ts";
import { readApiError } from "../api/read-api-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { AmountInput } from "../money/amount-input.tsx";
import { Button } from "../ui/button.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { CardSkeleton } from "../ui/card-skeleton.tsx";
import { CheckboxRow } from "../ui/checkbox-row.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { LimitFields } from "./limit-fields.tsx";
import { OwnerNeeded } from "./owner-needed.tsx";
import { PayeeFields } from "./payee-fields.tsx";
import { EMPTY_DRAFT, type PolicyDraft, problemOf, toPolicy } from "./policy-draft.ts";
import { PolicySummary } from "./policy-summary.tsx";
import { termsOf } from "./template-draft.ts";
import { useCreateAgent } from "./use-create-agent.ts";

const OwnKey = lazy(() => import("./own-key.tsx"));

const KEYS = [
  { value: "made", label: "Made here" },
  { value: "own", label: "My own: a keystore or a private key" },
];

/** The form, once it is known what it may begin with; it begins with nothing where no template can be had. */
export function CreateAgentForm() {
  const trpc = useTRPC();
  const templates = useQuery(trpc.agent.listPolicyTemplates.queryOptions());
  if (templates.isPending) return <CardSkeleton rows={6} />;
  return <AgentForm templates={templates.data?.data ?? []} />;
}

const draftFrom = (template: PolicyTemplateView | null): Partial<PolicyDraft> =>
  template === null ? {} : termsOf(template.policy);

function AgentForm({ templates }: { templates: readonly PolicyTemplateView[] }) {
  const trpc = useTRPC();
  const account = useQuery(trpc.account.getAccount.queryOptions());
  const models = useQuery(trpc.proof.models.queryOptions());
  // Not every chain has a market; without one nobody trades.
  const market = useQuery(trpc.strategy.market.queryOptions(undefined, { retry: false })).data ?? null;
  // As it was when it was chosen: a later version of it is another one.
  const [template, setTemplate] = useState<PolicyTemplateView | null>(templates[0] ?? null);
  const [draft, setDraft] = useState<PolicyDraft>({ ...EMPTY_DRAFT, ...draftFrom(template) });
  const [isTried, setIsTried] = useState(false);
  const [isKeyOwn, setIsKeyOwn] = useState(false);
  const [ownKey, setOwnKey] = useState<OpenKey | null>(null);
  // A key that is let go of, or left behind with the page, is not left lying in its memory.
  useEffect(() => () => void ownKey?.secret.fill(0), [ownKey]);
  const patch = (change: Partial<PolicyDraft>) => setDraft((current) => ({ ...current, ...change }));
  const choose = (id: string) => {
    const chosen = templates.find((one) => one.id === id) ?? null;
    setTemplate(chosen);
    patch(draftFrom(chosen));
  };
  const problem = problemOf(draft, market) ?? (isKeyOwn && ownKey === null ? "Unlock your key first." : null);

  const create = useCreateAgent();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (problem !== null) return;
    create.mutate({
      name: draft.name.trim(),
      policy: toPolicy(draft, Date.now(), market),
      template: template && { id: template.id, version: template.version },
      ownKey,
    });
  };

  const hasNoOwner = account.data !== undefined && account.data.account === null;
  const refusal = create.isError ? readApiError(create.error) : null;
  return (
    <form
      onSubmit={submit}
      className="grid grid-cols-1 items-start gap-6 *:min-w-0 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]"
    >
      <div className="flex flex-col gap-6">
        {hasNoOwner && <OwnerNeeded />}
        <Card>
          <CardHeader title="Who" />
          <CardBody className="grid gap-4 sm:grid-cols-2">
            {template !== null && (
              <Field label="Begin with" hint={template.description}>
                <Select
                  label="Begin with"
                  options={templates.map(({ id, name }) => ({ value: id, label: name }))}
                  value={template.id}
                  onValueChange={choose}
                />
              </Field>
            )}
            <Field label="Name" hint="For you. The chain knows it by its address.">
              <Input
                value={draft.name}
                onChange={(event) => patch({ name: event.target.value })}
                maxLength={80}
                placeholder="Research buyer"
              />
            </Field>
            <Field
              label="Key"
              hint={
                isKeyOwn
                  ? "Whoever else has it is held by the contract, not by guards, breakers or a pause at the signer."
                  : "The signer makes it. No other program ever has it open."
              }
              className="sm:col-span-2"
            >
              <Select
                label="Key"
                options={KEYS}
                value={isKeyOwn ? "own" : "made"}
                onValueChange={(value) => {
                  setIsKeyOwn(value === "own");
                  setOwnKey(null);
                }}
              />
            </Field>
            {isKeyOwn && (
              <div className="sm:col-span-2">
                <Suspense fallback={<Skeleton className="h-36" />}>
                  <OwnKey opened={ownKey} onOpenedChange={setOwnKey} />
                </Suspense>
              </div>
            )}
          </CardBody>
        </Card>
        <Card>
          <CardHeader
            title="How much"
            description="Windows roll: at no moment does any stretch of that length hold more."
          />
          <CardBody className="grid gap-4 sm:grid-cols-2">
            <LimitFields terms={draft} onChange={patch} revision={template?.id ?? ""} />
            <AmountInput
              key={`ask ${template?.id}`}
              label="Ask me above"
              hint="Empty: it never asks."
              units={draft.askOver}
              onUnitsChange={(askOver) => patch({ askOver })}
            />
          </CardBody>
        </Card>
        <Card>
          <CardHeader title="For what" description="What is not named here is denied." />
          <CardBody className="flex flex-col gap-4">
            <CheckboxRow
              label="Fill its own balance here, to buy inference"
              checked={draft.mayDeposit}
              onCheckedChange={(mayDeposit) => patch({ mayDeposit })}
            />
            {market !== null && (
              <CheckboxRow
                label={`Trade dollars, ${market.data.map(({ symbol }) => symbol).join(" and ")} on the pools`}
                checked={draft.mayTrade}
                onCheckedChange={(mayTrade) => patch({ mayTrade })}
              />
            )}
            <PayeeFields
              payees={draft.payees}
              models={models.data?.data.filter((model) => model.isCurrent && model.stop === null) ?? []}
              onChange={(payees) => patch({ payees })}
            />
          </CardBody>
        </Card>
      </div>
      <Card className="lg:sticky lg:top-20">
        <CardHeader title="What you sign" />
        <CardBody className="flex flex-col gap-4">
          <PolicySummary policy={problem === null ? toPolicy(draft, Date.now(), market) : null} market={market} />
          {(refusal !== null || (isTried && problem !== null)) && (
            <p role="alert" className="flex items-start gap-2 text-bad text-sm">
              <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
              {problem ?? refusal?.message}
            </p>
          )}
          <Button type="submit" variant="primary" size="lg" isPending={create.isPending} disabled={hasNoOwner}>
            Create and sign
          </Button>
          <p className="text-ink-3 text-xs">
            One signature of yours sets up its account and its limits. It costs you nothing.
          </p>
        </CardBody>
      </Card>
    </form>
  );
}
