"use client";

import type { ReactNode } from "react";
import { QueryError } from "../api/query-error.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { CardSkeleton } from "../ui/card-skeleton.tsx";
import { type Definition, DefinitionList } from "../ui/definition-list.tsx";
import { Identifier } from "../ui/identifier.tsx";

type Query<Data> = { data: Data | undefined; error: unknown; refetch: () => unknown };

type Props<Data> = {
  query: Query<Data>;
  /** What it is, with a capital. */
  title: string;
  id: string;
  status?: (data: Data) => ReactNode;
  facts: (data: Data) => readonly Definition[];
  children?: (data: Data) => ReactNode;
};

/** One thing of the ledger: its facts, each leading on, and what belongs to it below. */
export function LedgerObjectCard<Data>({ query, title, id, status, facts, children }: Props<Data>) {
  const { data, error } = query;
  if (error && data === undefined)
    return (
      <Card>
        <QueryError error={error} what={title} onRetry={() => void query.refetch()} />
      </Card>
    );
  if (data === undefined) return <CardSkeleton rows={6} />;
  return (
    <>
      <Card>
        <CardHeader
          title={title}
          description={<Identifier value={id} label="identifier" isFull />}
          action={status?.(data)}
        />
        <CardBody className="py-2">
          <DefinitionList items={facts(data)} />
        </CardBody>
      </Card>
      {children?.(data)}
    </>
  );
}

/** What is not there yet, or has no value. */
export const Nothing = ({ children = "–" }: { children?: string }) => <span className="text-ink-3">{children}</span>;
