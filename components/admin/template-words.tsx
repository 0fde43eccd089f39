"use client";

import { useQuery } from "@tanstack/react-query";
import type { TemplatePolicy } from "#core/schemas/policy-template.ts";
import { EMPTY_DRAFT, toPolicy } from "../agents/policy-draft.ts";
import { PolicySummary } from "../agents/policy-summary.tsx";
import { termsOf } from "../agents/template-draft.ts";
import { useTRPC } from "../api/trpc.ts";
import { Dialog } from "../ui/dialog.tsx";
import type { Popup } from "../ui/opener.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

/** A template as somebody reads it who makes an agent from it today. */
export function TemplateWords({ policy }: { policy: TemplatePolicy }) {
  const trpc = useTRPC();
  const { data: market = null, isPending } = useQuery(trpc.strategy.market.queryOptions(undefined, { retry: false }));
  const trades = policy.rules.some(({ kind }) => kind === "trade");
  // What it may trade is not known yet, and is not to be read as nothing.
  if (trades && isPending) return <Skeleton className="h-4 w-full" />;
  return (
    <>
      <PolicySummary policy={toPolicy({ ...EMPTY_DRAFT, ...termsOf(policy) }, Date.now(), market)} market={market} />
      {trades && market === null && (
        <p className="mt-2 text-sm">Where a chain has pools it may trade on them. This one has none.</p>
      )}
      <p className="mt-2 text-ink-2 text-sm">Whom it may pay is named by whoever makes an agent from it.</p>
    </>
  );
}

type Named = { name: string; description: string; policy: TemplatePolicy };

export default function TemplateWordsDialog({ template, title, ...popup }: Popup & { template: Named; title: string }) {
  return (
    <Dialog {...popup} title={title} description={template.description}>
      <TemplateWords policy={template.policy} />
    </Dialog>
  );
}
