"use client";

import { useQuery } from "@tanstack/react-query";
import { lazy } from "react";
import type { AdminTemplateDetail } from "#core/schemas/policy-template.ts";
import { QueryError } from "../api/query-error.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Card, CardHeader } from "../ui/card.tsx";
import { CardSkeleton } from "../ui/card-skeleton.tsx";
import { actionColumn, numberColumn, timeColumn } from "../ui/columns.tsx";
import { type Column, DataTable } from "../ui/data-table.tsx";
import { Opener } from "../ui/opener.tsx";
import { TemplateDecisions, TemplateStatus } from "./template-decisions.tsx";
import { TemplateEditor } from "./template-editor.tsx";

const TemplateWordsDialog = lazy(() => import("./template-words.tsx"));

type Version = AdminTemplateDetail["versions"][number];

const COLUMNS: readonly Column<Version>[] = [
  numberColumn("Version", (row) => row.number, { align: "left" }),
  { id: "name", header: "Name", cell: (row) => <span className="font-medium">{row.name}</span> },
  { id: "by", header: "Written by", from: "sm", cell: (row) => row.writtenBy ?? "Came with the platform" },
  timeColumn("When", (row) => row.createdAt, { from: "md" }),
  actionColumn((row) => (
    <Opener
      trigger={
        <Button size="sm" variant="ghost" aria-label={`Version ${row.number} in words`}>
          In words
        </Button>
      }
    >
      {(popup) => <TemplateWordsDialog {...popup} template={row} title={`${row.name}, version ${row.number}`} />}
    </Opener>
  )),
];

function agentsWord(agents: number): string {
  if (agents === 0) return "No agent was made from it yet.";
  return `${agents} ${agents === 1 ? "agent was" : "agents were"} made from it. Each keeps what its owner signed.`;
}

/** One template: whether it is offered, its next version, and all that it was. */
export function TemplateDetail({ id }: { id: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.templateAdmin.get.queryOptions({ id }));
  if (query.isError && !query.data)
    return (
      <Card>
        <QueryError error={query.error} what="The template" onRetry={() => void query.refetch()} />
      </Card>
    );
  const template = query.data;
  if (!template) return <CardSkeleton rows={8} />;
  return (
    <div className="flex flex-col gap-6">
      <Card>
        <CardHeader
          className="border-b-0"
          title={
            <span className="flex flex-wrap items-center gap-3">
              {template.name} <TemplateStatus status={template.status} />
            </span>
          }
          description={agentsWord(template.agents)}
          action={
            <span className="flex flex-wrap gap-1">
              <TemplateDecisions template={template} />
            </span>
          }
        />
      </Card>
      <TemplateEditor key={template.version} template={template} />
      <Card>
        <CardHeader title="Versions" description="An agent remembers of which one it was made." />
        <DataTable
          caption="Versions"
          columns={COLUMNS}
          rows={template.versions}
          rowKey={({ number }) => String(number)}
          empty={null}
        />
      </Card>
    </div>
  );
}
