"use client";

import { useQuery } from "@tanstack/react-query";
import type { DepositView } from "#core/schemas/withdrawal.ts";
import { every } from "../api/every.ts";
import { QueryError } from "../api/query-error.tsx";
import { QueryTable } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { amountColumn } from "../money/amount-column.tsx";
import { StatusBadge } from "../ui/badge.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { DefinitionList } from "../ui/definition-list.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Meter } from "../ui/meter.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

function Progress({ deposit: { status, confirmations, needed } }: { deposit: DepositView }) {
  if (status === "credited") return <StatusBadge kind="ok">Credited</StatusBadge>;
  const words = `${confirmations} of ${needed} blocks`;
  return (
    <span className="flex w-28 flex-col gap-1">
      <span className="text-ink-2 text-xs">Pending · {words}</span>
      <Meter share={confirmations / needed} label="Confirmations" valueText={words} />
    </span>
  );
}

const COLUMNS: readonly Column<DepositView>[] = [
  timeColumn("When", (row) => row.at),
  {
    id: "transaction",
    header: "Transaction",
    from: "sm",
    cell: (row) => <Identifier value={row.transactionHash} label="transaction" />,
  },
  { id: "status", header: "Status", cell: (row) => <Progress deposit={row} /> },
  amountColumn("Amount", (row) => row.amount),
];

function HowToDeposit() {
  const trpc = useTRPC();
  const query = useQuery(trpc.account.getDepositReference.queryOptions());
  if (query.isError && !query.data)
    return (
      <QueryError error={query.error} what="How to deposit" onRetry={() => void query.refetch()} className="-mx-4" />
    );
  const identifier = (value: string | undefined, label: string) =>
    value === undefined ? <Skeleton className="w-40" /> : <Identifier value={value} label={label} head={10} tail={8} />;
  return (
    <>
      <DefinitionList
        items={[
          { term: "Vault", value: identifier(query.data?.vault, "vault address") },
          { term: "Token", value: identifier(query.data?.token, "token address") },
          { term: "Your reference", value: identifier(query.data?.reference, "deposit reference") },
        ]}
      />
      <ol className="mt-2 mb-3 list-decimal pl-5 text-ink-2 text-sm">
        <li>
          Approve the vault for the token and call <code>deposit(reference, amount)</code>; or sign a permit and call{" "}
          <code>depositWithPermit</code>, one transaction instead of two.
        </li>
        <li>Do not send the token to the vault’s address: without the reference nobody knows that it is yours.</li>
      </ol>
    </>
  );
}

/** How to put money in, and how far what was put in is. */
export default function Deposits() {
  const trpc = useTRPC();
  const query = useQuery(trpc.account.listDeposits.queryOptions(undefined, { refetchInterval: every(3_000) }));
  return (
    <Card>
      <CardHeader title="Deposit" description="Your balance grows when enough blocks confirm it." />
      <CardBody className="py-1">
        <HowToDeposit />
      </CardBody>
      <div className="border-line border-t">
        {query.data?.isChainAnswering === false && (
          <p className="px-4 pt-3 text-ink-2 text-sm">
            The chain does not answer right now, so pending deposits are not shown. They are not lost.
          </p>
        )}
        <QueryTable
          query={query}
          what="Deposits"
          columns={COLUMNS}
          rowKey={(row) => `${row.transactionHash}:${row.logIndex}`}
          skeletonRows={1}
          empty={<EmptyState title="No deposit yet">A deposit shows here as soon as a block has it.</EmptyState>}
        />
      </div>
    </Card>
  );
}
