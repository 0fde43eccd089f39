"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { lazy } from "react";
import type { CapView, Covers } from "#core/schemas/cap.ts";
import { every } from "../api/every.ts";
import { notifyError } from "../api/notify-error.ts";
import { QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { receiptColumn } from "../receipt/receipt-column.tsx";
import { ReceiptDrawer } from "../receipt/receipt-drawer.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { actionColumn } from "../ui/columns.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Opener } from "../ui/opener.tsx";
import { LimitMeter, LimitTerms } from "./limit-meter.tsx";
import { limitSteps } from "./limit-steps.tsx";
import { coversWord } from "./limit-words.ts";

const CreateLimitDialog = lazy(() => import("./create-limit-dialog.tsx"));
const ChangeLimitDialog = lazy(() => import("./change-limit-dialog.tsx"));

function Actions({ cap }: { cap: CapView }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const remove = useMutation(
    trpc.cap.remove.mutationOptions({
      onError: (error) => notifyError("The limit could not be removed", error),
      onSettled: () => queryClient.invalidateQueries({ queryKey: trpc.cap.list.queryKey() }),
    }),
  );
  if (!cap.isOwn) return <Badge tone="outline">The platform’s</Badge>;
  const what = coversWord(cap);
  return (
    <span className="flex flex-wrap justify-end gap-1">
      <Opener
        trigger={
          <Button size="sm" variant="ghost" aria-label={`Change the limit on ${what}`}>
            Change
          </Button>
        }
      >
        {(popup) => <ChangeLimitDialog {...popup} cap={cap} />}
      </Opener>
      <ConfirmDialog
        title="Remove this limit?"
        confirmLabel="Remove limit"
        onConfirm={() => remove.mutate({ id: cap.id })}
        trigger={
          <Button size="sm" variant="ghost" isPending={remove.isPending} aria-label={`Remove the limit on ${what}`}>
            Remove
          </Button>
        }
      >
        {what}: nothing holds it back any more but the balance and your other limits. Set again, it counts what was
        spent.
      </ConfirmDialog>
    </span>
  );
}

const COLUMNS: readonly Column<CapView>[] = [
  {
    id: "on",
    header: "On",
    cell: (cap) => (
      <span className="block min-w-0">
        <span className="block font-medium">{coversWord(cap)}</span>
        <span className="block text-ink-2 sm:hidden">
          <LimitTerms cap={cap} />
        </span>
        <span className="mt-1.5 block md:hidden">
          <LimitMeter cap={cap} />
        </span>
      </span>
    ),
    skeletonWidth: "w-32",
  },
  { id: "limit", header: "At most", from: "sm", cell: (cap) => <LimitTerms cap={cap} />, skeletonWidth: "w-28" },
  { id: "used", header: "Used", from: "md", cell: (cap) => <LimitMeter cap={cap} />, skeletonWidth: "w-32" },
  actionColumn((cap) => <Actions cap={cap} />),
  receiptColumn((cap) => (
    <ReceiptDrawer
      title="Limit"
      id={cap.id}
      subject={<Amount units={cap.limit.units} asset={cap.limit.asset} />}
      steps={limitSteps(cap)}
    />
  )),
];

type LimitsProps = {
  /** Only the limits on this, and a new one is on this. */
  fixed?: Covers;
  title?: string;
  description?: string;
};

const isSame = (left: Covers | null, right: Covers): boolean => JSON.stringify(left) === JSON.stringify(right);

/** What may be spent at most, and how much of it is left. */
export default function Limits({ fixed, title = "Limits", description }: LimitsProps) {
  const trpc = useTRPC();
  const query = useQuery(trpc.cap.list.queryOptions(undefined, { refetchInterval: every(5_000) }));
  const rows = query.data?.data.filter(({ covers }) => fixed === undefined || isSame(covers, fixed));
  return (
    <QueryCard
      title={title}
      description={description ?? "What goes above one is refused before anything is charged."}
      action={
        <Opener
          trigger={
            <Button variant={fixed === undefined ? "primary" : "secondary"}>
              <Plus aria-hidden /> Set a limit
            </Button>
          }
        >
          {(popup) => <CreateLimitDialog {...popup} fixed={fixed} />}
        </Opener>
      }
      query={{ data: rows && { data: rows }, isError: query.isError, error: query.error, refetch: query.refetch }}
      what="Limits"
      columns={COLUMNS}
      rowKey={(cap) => cap.id}
      skeletonRows={2}
      empty={
        <EmptyState title="No limit yet">
          {fixed === undefined
            ? "A limit holds over everything at once: keys, agents, retries and any number of servers. Set one on a key before you give it away, or on all you spend in a day."
            : "Up to its whole balance may be spent. A limit holds over all its keys at once."}
        </EmptyState>
      }
    />
  );
}
