"use client";

import { QueryError } from "../api/query-error.tsx";
import { Card } from "../ui/card.tsx";
import { Stat, StatGroup } from "../ui/stat.tsx";
import { Amount } from "./amount.tsx";

type Query<Data> = { data: Data | undefined; isError: boolean; error: unknown; refetch: () => unknown };
type Figure<Data> = {
  label: string;
  detail: string;
  amount: (data: Data) => { units: string; asset: string };
};

type Props<Data> = { query: Query<Data>; what: string; figures: readonly [Figure<Data>, Figure<Data>, Figure<Data>] };

/** Three amounts side by side that are read together; what was there stays while it is read again. */
export function AmountStats<Data>({ query, what, figures }: Props<Data>) {
  const { data } = query;
  if (query.isError && data === undefined)
    return (
      <Card>
        <QueryError error={query.error} what={what} onRetry={() => void query.refetch()} />
      </Card>
    );
  return (
    <StatGroup columns={3}>
      {figures.map(({ label, detail, amount }) => (
        <Stat key={label} label={label} detail={detail} value={data && <Amount {...amount(data)} />} />
      ))}
    </StatGroup>
  );
}
