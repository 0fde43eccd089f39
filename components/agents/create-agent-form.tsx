"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleAlert } from "lucide-react";
import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import type { PolicyTemplateView } from "#core/schemas/policy-template.ts";
import { readApiError } from "../api/read-api-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { NotSigned, signOperation } from "../identity/sign-operation.ts";
import { AmountInput } from "../money/amount-input.tsx";
import { Button } from "../ui/button.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { CardSkeleton } from "../ui/card-skeleton.tsx";
import { CheckboxRow } from "../ui/checkbox-row.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";
import { toast } from "../ui/toast.ts";
import { LimitFields } from "./limit-fields.tsx";
import { OwnerNeeded } from "./owner-needed.tsx";
import { PayeeFields } from "./payee-fields.tsx";
import { EMPTY_DRAFT, type PolicyDraft, problemOf, toPolicy } from "./policy-draft.ts";
import { PolicySummary } from "./policy-summary.tsx";
import { termsOf } from "./template-draft.ts";

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
  const router = useRouter();
  const queryClient = useQueryClient();
  const account = useQuery(trpc.account.getAccount.queryOptions());
  const models = useQuery(trpc.proof.models.queryOptions());
  // Not every chain has a market; without one nobody trades.
  const market = useQuery(trpc.strategy.market.queryOptions(undefined, { retry: false })).data ?? null;
  // As it was when it was chosen: a later version of it is another one.
  const [template, setTemplate] = useState<PolicyTemplateView | null>(templates[0] ?? null);
  const [draft, setDraft] = useState<PolicyDraft>({ ...EMPTY_DRAFT, ...draftFrom(template) });
  const [isTried, setIsTried] = useState(false);
  const patch = (change: Partial<PolicyDraft>) => setDraft((current) => ({ ...current, ...change }));
  const choose = (id: string) => {
    const chosen = templates.find((one) => one.id === id) ?? null;
    setTemplate(chosen);
    patch(draftFrom(chosen));
  };
  const problem = problemOf(draft, market);

  const create = useMutation(trpc.agent.createAgent.mutationOptions());
  const confirm = useMutation(trpc.agent.confirmAgent.mutationOptions());
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (problem !== null) return;
    const made = await create
      .mutateAsync({
        name: draft.name.trim(),
        policy: toPolicy(draft, Date.now(), market),
        ...(template === null ? {} : { template: { id: template.id, version: template.version } }),
      })
      .catch(() => null);
    if (made === null) return;
    try {
      await confirm.mutateAsync({ id: made.agent.id, signature: await signOperation(made.operation) });
      toast.success(`${made.agent.name} is being set up`, {
        description: "It becomes active as soon as the chain has your grant.",
      });
    } catch (error) {
      // The agent exists and waits; its page offers the signature again.
      const description = error instanceof NotSigned ? error.message : readApiError(error).message;
      toast.error("The agent still awaits your signature", { description });
    }
    await queryClient.invalidateQueries({ queryKey: trpc.agent.pathKey() });
    router.push(`/agents/${made.agent.id}`);
  };

  const hasNoOwner = account.data !== undefined && account.data.account === null;
  const refusal = create.isError ? readApiError(create.error) : null;
  return (
    <form
      onSubmit={(event) => void submit(event)}
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
              models={models.data?.data.filter((model) => model.isCurrent) ?? []}
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
          <Button
            type="submit"
            variant="primary"
            size="lg"
            isPending={create.isPending || confirm.isPending}
            disabled={hasNoOwner}
          >
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
