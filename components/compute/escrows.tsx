"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy } from "react";
import type { EscrowView } from "#core/schemas/escrow.ts";
import { every } from "../api/every.ts";
import { notifyError } from "../api/notify-error.ts";
import { QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { StatusWord, type StatusWords } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { actionColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { shorten } from "../ui/identifier.tsx";
import { Opener } from "../ui/opener.tsx";
import { Time } from "../ui/time.tsx";
import { toast } from "../ui/toast.ts";
import { useEscrowOperation } from "./escrow-operation.ts";

const OpenEscrow = lazy(() => import("./open-escrow.tsx"));
const EscrowVouchers = lazy(() => import("./escrow-vouchers.tsx"));

const STATES: StatusWords<EscrowView["status"]> = {
  open: ["ok", "Open"],
  closing: ["warn", "Closing"],
  closed: ["idle", "Closed"],
};

function EndButton({ id }: { id: string }) {
  const trpc = useTRPC();
  const plan = useMutation(trpc.escrow.planClosing.mutationOptions());
  const operation = useEscrowOperation({ done: "The escrow closes when its time is over" });
  return (
    <Button size="sm" isPending={operation.isPending} onClick={() => operation.mutate(() => plan.mutateAsync({ id }))}>
      End
    </Button>
  );
}

function SettleButton({ id }: { id: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const settle = useMutation(
    trpc.escrow.settle.mutationOptions({
      onSuccess: () => {
        toast.success("Your earnings are on their way to your address");
        return queryClient.invalidateQueries({ queryKey: trpc.escrow.pathKey() });
      },
      onError: (error) => notifyError("It could not be settled", error),
    }),
  );
  return (
    <Button size="sm" isPending={settle.isPending} onClick={() => settle.mutate({ id })}>
      Settle now
    </Button>
  );
}

function RowActions({ escrow }: { escrow: EscrowView }) {
  const isOpen = escrow.status === "open";
  return (
    <span className="flex flex-wrap justify-end gap-2 py-1">
      {escrow.isProvider && escrow.status !== "closed" && <SettleButton id={escrow.id} />}
      {escrow.isRenter && isOpen && (
        <>
          <Opener trigger={<Button size="sm">Top up</Button>}>
            {(popup) => <OpenEscrow {...popup} escrowId={escrow.id} />}
          </Opener>
          <EndButton id={escrow.id} />
        </>
      )}
      <Opener trigger={<Button size="sm">Vouchers</Button>}>
        {(popup) => <EscrowVouchers {...popup} escrowId={escrow.id} />}
      </Opener>
    </span>
  );
}

const amountOf = (
  header: string,
  units: (row: EscrowView) => string,
  from?: "sm" | "md" | "lg",
): Column<EscrowView> => ({
  id: header.toLowerCase().replaceAll(" ", "-"),
  header,
  align: "right",
  cell: (row) => <Amount units={units(row)} />,
  ...(from ? { from } : {}),
});

const COLUMNS: readonly Column<EscrowView>[] = [
  {
    id: "with",
    header: "Escrow",
    cell: (row) => (
      <span className="block min-w-0 py-1">
        <span className="block font-medium">
          {row.isProvider ? `From ${shorten(row.payer, 6, 4)}` : `For ${row.nodeName ?? shorten(row.provider, 6, 4)}`}
        </span>
        <span className="block truncate font-mono text-ink-3 text-xs">{shorten(row.id, 8, 6)}</span>
        {row.status === "closing" && row.closableAt !== null && (
          <span className="block text-ink-3 text-xs">
            The rest comes back <Time iso={row.closableAt} />
          </span>
        )}
      </span>
    ),
  },
  { id: "status", header: "Status", from: "sm", cell: (row) => <StatusWord words={STATES} status={row.status} /> },
  amountOf("Deposited", (row) => row.deposited, "md"),
  amountOf("Earned", (row) => row.earned),
  amountOf("Paid out", (row) => row.settled, "md"),
  amountOf("Left", (row) => row.available, "sm"),
  actionColumn((row) => <RowActions escrow={row} />),
];

const sampleFor = (id: string): string =>
  `{
  "model": "…",
  "messages": […],
  "converge": { "escrow": "${id}" }
}`;

/** Leases on the chain: dollars that only their provider can earn, and nobody else can hold back. */
export default function Escrows() {
  const trpc = useTRPC();
  const query = useQuery(trpc.escrow.list.queryOptions(undefined, { refetchInterval: every(5_000) }));
  const usable = query.data?.data.find(({ isRenter, status }) => isRenter && status === "open");
  return (
    <div className="flex flex-col gap-4">
      <QueryCard
        title="Escrows"
        description="A renter’s dollars for one provider, in a contract. Every request under it moves the voucher on; one transaction pays any number of them, without a platform fee."
        action={
          <Opener trigger={<Button variant="primary">Open an escrow</Button>}>
            {(popup) => <OpenEscrow {...popup} />}
          </Opener>
        }
        query={query}
        columns={COLUMNS}
        rowKey={(row) => row.id}
        empty={
          <EmptyState title="No escrow yet" example={'"converge": {\n  "escrow": "0x…"\n}'}>
            You need none: requests are paid from your balance. An escrow is for whoever wants to be paid, or to pay, by
            a contract.
          </EmptyState>
        }
      />
      {usable && <CodeBlock label="A request that this escrow pays" code={sampleFor(usable.id)} />}
    </div>
  );
}
