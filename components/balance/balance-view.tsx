"use client";

import { useQuery } from "@tanstack/react-query";
import { QueryError } from "../api/query-error.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { DefinitionList } from "../ui/definition-list.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { Stat, StatGroup } from "../ui/stat.tsx";
import { Statement } from "./statement.tsx";
import { Withdrawals } from "./withdrawals.tsx";

export function BalanceStats() {
  const trpc = useTRPC();
  const query = useQuery(trpc.balance.get.queryOptions(undefined, { refetchInterval: 3_000 }));
  if (query.isError && !query.data)
    return <QueryError error={query.error} what="Your balance" onRetry={() => void query.refetch()} />;
  const show = (amount: { units: string; asset: string } | undefined) =>
    amount && <Amount units={amount.units} asset={amount.asset} />;
  return (
    <StatGroup columns={3}>
      <Stat label="Available" value={show(query.data?.available)} detail="What you can spend now" />
      <Stat label="Set aside" value={show(query.data?.reserved)} detail="For things under way; the rest comes back" />
      <Stat label="In all" value={show(query.data?.posted)} detail="Everything posted to you" />
    </StatGroup>
  );
}

function HowToDeposit() {
  const trpc = useTRPC();
  const query = useQuery(trpc.account.getDepositReference.queryOptions());
  if (query.isError && !query.data)
    return <QueryError error={query.error} what="How to deposit" onRetry={() => void query.refetch()} />;
  const identifier = (value: string | undefined, label: string) =>
    value === undefined ? <Skeleton className="w-40" /> : <Identifier value={value} label={label} head={10} tail={8} />;
  return (
    <Card>
      <CardHeader
        title="Deposit"
        description="Approve the vault for the token, then call deposit(reference, amount). Your balance grows when it is confirmed."
      />
      <CardBody className="py-1">
        <DefinitionList
          items={[
            { term: "Vault", value: identifier(query.data?.vault, "vault address") },
            { term: "Token", value: identifier(query.data?.token, "token address") },
            { term: "Your reference", value: identifier(query.data?.reference, "deposit reference") },
          ]}
        />
      </CardBody>
    </Card>
  );
}

export function BalanceView() {
  return (
    <div className="flex flex-col gap-6">
      <BalanceStats />
      <Statement />
      <div className="grid grid-cols-1 items-start gap-6 *:min-w-0 lg:grid-cols-2">
        <Withdrawals />
        <HowToDeposit />
      </div>
    </div>
  );
}
