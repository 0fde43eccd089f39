"use client";

import { useQuery } from "@tanstack/react-query";
import type { TemplatePolicy } from "#core/schemas/policy-template.ts";
import { EMPTY_DRAFT, toPolicy } from "../agents/policy-draft.ts";
import { PolicySummary } from "../agents/policy-summary.tsx";
import { termsOf } from "../agents/template-draft.ts";
import { useTRPC } from "../api/trpc.ts";
import { Dialog } from "../ui/dialog.tsx";
import type { Popup } from "../ui/opener.tsx";

/** A template as somebody reads it who makes an agent from it today. */
export function TemplateWords({ policy }: { policy: TemplatePolicy }) {
  const trpc = useTRPC();
  const market = useQuery(trpc.strategy.market.queryOptions(undefined, { retry: false })).data ?? null;
  const trades = policy.rules.some(({ kind }) => kind === "trade");
  return (
    <>
      <PolicySummary policy={toPolicy({ ...EMPTY_DRAFT, ...termsOf(policy) }, Date.now(), market)} market={market} />
      {trades && market === null && (
        <p className="mt-2 text-sm">It may trade on the pools, on a chain that has some. There are none here.</p>
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
