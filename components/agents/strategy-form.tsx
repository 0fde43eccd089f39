"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import type { MarketOutput } from "#core/schemas/strategy.ts";
import { strategySettings } from "#core/strategies/settings.ts";
import { readApiError } from "../api/read-api-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { AmountInput } from "../money/amount-input.tsx";
import { Button } from "../ui/button.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";
import { TextArea } from "../ui/text-area.tsx";
import { toast } from "../ui/toast.ts";
import { BacktestCard } from "./backtest-card.tsx";
import { EMPTY_STRATEGY, readDraft, type StrategyDraft } from "./strategy-draft.ts";
import { KINDS, settingsWords } from "./strategy-words.ts";

const EVERY = [
  { value: "60", label: "minute" },
  { value: "3600", label: "hour" },
  { value: "86400", label: "day" },
  { value: "604800", label: "week" },
] as const;
const DAYS = [
  { value: "1", label: "1 day" },
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
] as const;
const SIDES = [
  { value: "buy", label: "Buy" },
  { value: "sell", label: "Sell" },
] as const;

type FieldsProps = {
  draft: StrategyDraft;
  patch: (change: Partial<StrategyDraft>) => void;
  models: readonly string[];
};

type TextProps = FieldsProps & { name: keyof StrategyDraft; label: string; hint?: string; sign?: string };

function Text({ draft, patch, name, label, hint, sign }: TextProps) {
  return (
    <Field label={label} {...(hint ? { hint } : {})}>
      <Input
        inputMode="decimal"
        className="tabular"
        value={draft[name]}
        {...(sign ? { sign } : {})}
        onChange={(event) => patch({ [name]: event.target.value })}
      />
    </Field>
  );
}

function Every({ draft, patch }: FieldsProps) {
  return (
    <Field label="Every">
      <Select
        label="Every"
        options={EVERY}
        value={draft.everySeconds}
        onValueChange={(everySeconds) => patch({ everySeconds })}
      />
    </Field>
  );
}

function LimitFields(props: FieldsProps) {
  const { draft, patch } = props;
  return (
    <>
      <Field label="Side">
        <Select
          label="Side"
          options={SIDES}
          value={draft.side}
          onValueChange={(side) => patch({ side: side === "sell" ? "sell" : "buy" })}
        />
      </Field>
      {draft.side === "buy" ? (
        <AmountInput label="For" units={draft.units} onUnitsChange={(units) => patch({ units })} />
      ) : (
        <Text {...props} name="amount" label="Amount" />
      )}
      <Text
        {...props}
        name="price"
        label={draft.side === "buy" ? "At most" : "At least"}
        sign="$"
        hint="For one whole coin."
      />
      <Field label="Good for">
        <Select label="Good for" options={DAYS} value={draft.days} onValueChange={(days) => patch({ days })} />
      </Field>
    </>
  );
}

function ModelFields(props: FieldsProps) {
  const { draft, patch, models } = props;
  return (
    <>
      <Field label="Goal" hint="Whatever it answers is a proposal: its limits decide." className="sm:col-span-2">
        <TextArea
          value={draft.goal}
          onChange={(event) => patch({ goal: event.target.value })}
          rows={4}
          maxLength={4_000}
        />
      </Field>
      <Field label="Model" hint="Paid from the agent's balance here.">
        <Select
          label="Model"
          options={models.map((id) => ({ value: id, label: id }))}
          value={draft.model === "" ? null : draft.model}
          onValueChange={(model) => patch({ model })}
        />
      </Field>
      <Every {...props} />
    </>
  );
}

function KindFields(props: FieldsProps) {
  const { draft, patch } = props;
  switch (draft.kind) {
    case "monitor":
      return (
        <>
          <Text {...props} name="above" label="Above" sign="$" />
          <Text {...props} name="below" label="Below" sign="$" />
          <Text {...props} name="movePercent" label="Or moved by, in percent" hint="Within an hour." />
        </>
      );
    case "rebalance":
      return (
        <>
          <Text
            {...props}
            name="sharePercent"
            label="Share of the whole, in percent"
            hint="The rest stays in dollars."
          />
          <Text {...props} name="bandPercent" label="Band, in percent" hint="Off by less, it does nothing." />
        </>
      );
    case "recurring-buy":
      return (
        <>
          <AmountInput label="For" units={draft.units} onUnitsChange={(units) => patch({ units })} />
          <Every {...props} />
        </>
      );
    case "limit-order":
      return <LimitFields {...props} />;
    case "payer":
      return (
        <>
          <AmountInput
            label="When less is here than"
            units={draft.keepBelow}
            onUnitsChange={(keepBelow) => patch({ keepBelow })}
          />
          <AmountInput label="Fill it up to" units={draft.keepUpTo} onUnitsChange={(keepUpTo) => patch({ keepUpTo })} />
        </>
      );
    case "model":
      return <ModelFields {...props} />;
  }
}

const isKind = (value: string): value is StrategyDraft["kind"] => Object.hasOwn(KINDS, value);

function Form({ id, market }: { id: string; market: MarketOutput }) {
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const models = useQuery(trpc.compute.listModels.queryOptions());
  const [draft, setDraft] = useState<StrategyDraft>({ ...EMPTY_STRATEGY, token: market.data[0]?.token ?? "" });
  const [isTried, setIsTried] = useState(false);
  const patch = (change: Partial<StrategyDraft>) => setDraft((current) => ({ ...current, ...change }));
  const decimals = market.data.find(({ token }) => token === draft.token)?.decimals ?? 18;
  const settings = readDraft(draft, decimals, Date.now());
  const problem = typeof settings === "string" ? settings : draft.name.trim() === "" ? "Give it a name." : null;
  const create = useMutation(
    trpc.strategy.create.mutationOptions({
      onSuccess: async (made) => {
        toast.success(`${made.name} runs dry`, { description: "It decides and does nothing until you let it." });
        await queryClient.invalidateQueries({ queryKey: trpc.strategy.pathKey() });
        router.push(`/agents/${id}/strategies/${made.id}`);
      },
    }),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (typeof settings === "string" || problem !== null) return;
    create.mutate({ id, name: draft.name.trim(), settings });
  };
  const hasToken = draft.kind !== "payer" && draft.kind !== "model";
  const shown = isTried ? problem : null;
  const message = shown ?? (create.isError ? readApiError(create.error).message : null);
  return (
    <div className="flex flex-col gap-6">
      <form onSubmit={submit}>
        <Card>
          <CardHeader title="What" />
          <CardBody className="flex flex-col gap-4">
            <div className="grid items-start gap-4 sm:grid-cols-2">
              <Field label="Name">
                <Input
                  value={draft.name}
                  maxLength={80}
                  placeholder="Half ether"
                  onChange={(event) => patch({ name: event.target.value })}
                />
              </Field>
              <Field label="Kind">
                <Select
                  label="Kind"
                  options={Object.entries(KINDS).map(([value, label]) => ({ value, label }))}
                  value={draft.kind}
                  onValueChange={(kind) => isKind(kind) && patch({ kind })}
                />
              </Field>
              {hasToken && (
                <Field label="Token">
                  <Select
                    label="Token"
                    options={market.data.map(({ token, symbol }) => ({ value: token, label: symbol }))}
                    value={draft.token}
                    onValueChange={(token) => patch({ token })}
                  />
                </Field>
              )}
              <KindFields draft={draft} patch={patch} models={models.data?.data.map((model) => model.id) ?? []} />
            </div>
            {typeof settings !== "string" && (
              <p className="text-ink-2 text-sm">{settingsWords(strategySettings.parse(settings), market)}</p>
            )}
            {message !== null && (
              <p role="alert" className="text-bad text-sm">
                {message}
              </p>
            )}
            <div className="flex flex-wrap items-center gap-3">
              <Button type="submit" variant="primary" isPending={create.isPending}>
                Begin a dry run
              </Button>
              <p className="text-ink-3 text-xs">It decides on the market as it is, and says what would become of it.</p>
            </div>
          </CardBody>
        </Card>
      </form>
      {draft.kind !== "model" && <BacktestCard settings={settings} market={market} />}
    </div>
  );
}

export function StrategyForm({ id }: { id: string }) {
  const trpc = useTRPC();
  const market = useQuery(trpc.strategy.market.queryOptions(undefined, { retry: false }));
  if (market.data) return <Form id={id} market={market.data} />;
  return (
    <Card>
      {market.isError ? (
        <EmptyState title="No market here">{readApiError(market.error).message}</EmptyState>
      ) : (
        <CardBody>
          <p className="text-ink-2 text-sm">The market is being read.</p>
        </CardBody>
      )}
    </Card>
  );
}
