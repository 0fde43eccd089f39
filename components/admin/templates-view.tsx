"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { lazy } from "react";
import type { AdminTemplateView } from "#core/schemas/policy-template.ts";
import { QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Button } from "../ui/button.tsx";
import { buttonClass } from "../ui/button-class.ts";
import { actionColumn, numberColumn, timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Opener } from "../ui/opener.tsx";
import { TemplateDecisions, TemplateStatus } from "./template-decisions.tsx";

const TemplateWordsDialog = lazy(() => import("./template-words.tsx"));

function Actions({ template }: { template: AdminTemplateView }) {
  return (
    <span className="flex flex-wrap justify-end gap-1">
      <Opener
        trigger={
          <Button size="sm" variant="ghost" aria-label={`${template.name} in words`}>
            In words
          </Button>
        }
      >
        {(popup) => <TemplateWordsDialog {...popup} template={template} title={template.name} />}
      </Opener>
      <TemplateDecisions template={template} />
    </span>
  );
}

const COLUMNS: readonly Column<AdminTemplateView>[] = [
  numberColumn("Place", (row) => row.position, { from: "md", align: "left" }),
  {
    id: "template",
    header: "Template",
    cell: (row) => (
      <span className="block min-w-0 py-1">
        <Link
          href={`/admin/templates/${row.id}`}
          className="rounded-sm font-medium underline decoration-line-strong underline-offset-4 hover:decoration-ink"
        >
          {row.name}
        </Link>
        <span className="block text-ink-3 text-xs">{row.description}</span>
      </span>
    ),
  },
  { id: "status", header: "Status", cell: (row) => <TemplateStatus status={row.status} /> },
  numberColumn("Version", (row) => row.version, { from: "sm" }),
  numberColumn("Agents", (row) => row.agents, { from: "md" }),
  timeColumn("Changed", (row) => row.updatedAt, { from: "lg" }),
  actionColumn((row) => <Actions template={row} />),
];

/** All templates of the platform, in the order in which they are offered. */
export function TemplatesView() {
  const trpc = useTRPC();
  const query = useQuery(trpc.templateAdmin.list.queryOptions());
  return (
    <QueryCard
      title="Policy templates"
      description="Published ones are offered by place, the lowest first; it is the first that a new agent begins with."
      query={query}
      columns={COLUMNS}
      rowKey={({ id }) => id}
      action={
        <Link href="/admin/templates/new" className={buttonClass({ size: "sm" })}>
          New template
        </Link>
      }
      empty={
        <EmptyState title="No template yet">
          Without any, an agent begins with small limits and whatever its owner writes.
        </EmptyState>
      }
    />
  );
}
