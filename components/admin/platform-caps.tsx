"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { lazy } from "react";
import type { PlatformCapView } from "#core/schemas/cap.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { LimitMeter, LimitTerms } from "../limits/limit-meter.tsx";
import { Amount } from "../money/amount.tsx";
import { receiptColumn } from "../receipt/receipt-column.tsx";
import { ReceiptDrawer } from "../receipt/receipt-drawer.tsx";
import type { ReceiptStep } from "../receipt/receipt-step.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { actionColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { shorten } from "../ui/identifier.tsx";
import { Opener } from "../ui/opener.tsx";

const CreateCapDialog = lazy(() => import("./create-cap-dialog.tsx"));
const ChangeCapDialog = lazy(() => import("./change-cap-dialog.tsx"));
const RemoveCapDialog = lazy(() => import("./remove-cap-dialog.tsx"));

/** A scope in a table: an id in it is shortened, and the line breaks before it rather than within. */
function Scope({ scope }: { scope: string }) {
  const [, nouns = "", name = scope] = /^(.*:)([^:]*)$/.exec(scope) ?? [];
  return (
    <code className="block font-mono" title={scope}>
      {nouns}
      <wbr />
      <span className="whitespace-nowrap">{name.length > 20 ? shorten(name) : name}</span>
    </code>
  );
}

/** Who set it to what, and why. */
const stepsOf = (cap: PlatformCapView): ReceiptStep[] =>
  cap.changes.toReversed().map(({ at, by, units, reason }, index) => ({
    kind: "decision",
    title: `${index === 0 ? "Set" : "Changed"} by ${by}`,
    at,
    detail: (
      <>
        {units !== null && <Amount units={units} asset={cap.limit.asset} />}
        {reason !== null && ` · ${reason}`}
      </>
    ),
  }));

function Actions({ cap }: { cap: PlatformCapView }) {
  if (cap.isConfigured) return <Badge tone="outline">Configured</Badge>;
  return (
    <span className="flex flex-wrap justify-end gap-1">
      <Opener
        trigger={
          <Button size="sm" variant="ghost" aria-label={`Change the cap on ${cap.scope}`}>
            Change
          </Button>
        }
      >
        {(popup) => <ChangeCapDialog {...popup} cap={cap} />}
      </Opener>
      <Opener
        trigger={
          <Button size="sm" variant="ghost" aria-label={`Remove the cap on ${cap.scope}`}>
            Remove
          </Button>
        }
      >
        {(popup) => <RemoveCapDialog {...popup} cap={cap} />}
      </Opener>
    </span>
  );
}

const COLUMNS: readonly Column<PlatformCapView>[] = [
  {
    id: "scope",
    header: "Scope",
    cell: (cap) => (
      <span className="block min-w-0">
        <Scope scope={cap.scope} />
        {cap.note !== null && <span className="block text-ink-3 text-xs">{cap.note}</span>}
        <span className="block text-ink-2 sm:hidden">
          <LimitTerms cap={cap} />
        </span>
        <span className="mt-1.5 block md:hidden">
          <LimitMeter cap={cap} label="Used of the cap" />
        </span>
      </span>
    ),
    skeletonWidth: "w-40",
  },
  { id: "limit", header: "At most", from: "sm", cell: (cap) => <LimitTerms cap={cap} /> },
  { id: "used", header: "Used", from: "md", cell: (cap) => <LimitMeter cap={cap} label="Used of the cap" /> },
  actionColumn((cap) => <Actions cap={cap} />),
  receiptColumn((cap) => (
    <ReceiptDrawer
      title="Cap"
      id={cap.id}
      subject={<Amount units={cap.limit.units} asset={cap.limit.asset} />}
      steps={stepsOf(cap)}
    />
  )),
];

/** What everybody together, or somebody, may spend at most by the platform's will. */
export default function PlatformCaps() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.admin.listCaps.infiniteQueryOptions(
      { limit: 20 },
      { getNextPageParam: nextPage, refetchInterval: every(5_000) },
    ),
  );
  return (
    <PagedCard
      title="The platform’s caps"
      description="On a kind of spending, a node, an address, a campaign or one account; held by the ledger."
      action={
        <Opener trigger={<Button size="sm">Set a cap</Button>}>{(popup) => <CreateCapDialog {...popup} />}</Opener>
      }
      query={query}
      columns={COLUMNS}
      rowKey={(cap) => cap.id}
      skeletonRows={1}
      empty={
        <EmptyState title="No cap is set">
          The worker sets the one on withdrawals when it starts; others are yours to set, each with a reason.
        </EmptyState>
      }
    />
  );
}
