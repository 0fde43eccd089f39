"use client";

import type { ComponentProps, ReactNode } from "react";
import { Button } from "../ui/button.tsx";
import { Card, CardHeader } from "../ui/card.tsx";
import { type Column, DataTable } from "../ui/data-table.tsx";
import { QueryError } from "./query-error.tsx";

type Query<Row> = {
  data: { data: readonly Row[] } | undefined;
  isError: boolean;
  error: unknown;
  refetch: () => unknown;
};

type QueryTableProps<Row> = {
  query: Query<Row>;
  /** What the rows are, in the plural and with a capital: "Proofs". */
  what: string;
  columns: readonly Column<Row>[];
  rowKey: (row: Row) => string;
  empty: ReactNode;
  skeletonRows?: number;
};

/** A list in its four states: on its way, broken, empty, there. A list that was there stays while it is read again. */
export function QueryTable<Row>({ query, what, columns, rowKey, empty, skeletonRows = 4 }: QueryTableProps<Row>) {
  if (query.isError && query.data === undefined) {
    return <QueryError error={query.error} what={what} onRetry={() => void query.refetch()} />;
  }
  return (
    <DataTable
      caption={what}
      columns={columns}
      rows={query.data?.data}
      rowKey={rowKey}
      empty={empty}
      skeletonRows={skeletonRows}
    />
  );
}

type Pages<Row> = {
  data: { pages: readonly { data: readonly Row[] }[] } | undefined;
  isError: boolean;
  error: unknown;
  refetch: () => unknown;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
};

/** The same for a list that comes in pages. */
export function PagedTable<Row>({ query, ...table }: Omit<QueryTableProps<Row>, "query"> & { query: Pages<Row> }) {
  const rows = query.data?.pages.flatMap((page) => page.data);
  return (
    <>
      <QueryTable
        {...table}
        query={{
          data: rows === undefined ? undefined : { data: rows },
          isError: query.isError,
          error: query.error,
          refetch: query.refetch,
        }}
      />
      {query.hasNextPage && (
        <div className="flex justify-center border-line border-t p-2">
          <Button variant="ghost" isPending={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Older
          </Button>
        </div>
      )}
    </>
  );
}

type CardProps = Pick<ComponentProps<typeof CardHeader>, "description" | "action"> & {
  title: string;
  /** What the rows are, where the title says something else. */
  what?: string;
  /** What stands between the title and the list. */
  above?: ReactNode;
};

/** A list with its title, in a card. */
export function QueryCard<Row>(props: CardProps & Omit<QueryTableProps<Row>, "what">) {
  const { title, description, action, above, what = title, ...table } = props;
  return (
    <Card>
      <CardHeader title={title} description={description} action={action} />
      {above}
      <QueryTable {...table} what={what} />
    </Card>
  );
}

/** The same for a list that comes in pages. */
export function PagedCard<Row>(props: CardProps & Omit<ComponentProps<typeof PagedTable<Row>>, "what">) {
  const { title, description, action, above, what = title, ...table } = props;
  return (
    <Card>
      <CardHeader title={title} description={description} action={action} />
      {above}
      <PagedTable {...table} what={what} />
    </Card>
  );
}
