"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ActionView } from "#core/schemas/action.ts";
import { every } from "../api/every.ts";
import { QueryError } from "../api/query-error.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { ReceiptChain } from "../receipt/receipt-chain.tsx";
import { PageHeader, PendingTitle } from "../shell/page-header.tsx";
import { buttonClass } from "../ui/button-class.ts";
import { Card, CardBody } from "../ui/card.tsx";
import { CardSkeleton } from "../ui/card-skeleton.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { actionSteps } from "./action-steps.tsx";
import { waitingWords } from "./action-words.ts";
import { activityWord } from "./activity-steps.tsx";
import { ActivityStatus } from "./agent-status.tsx";

const isOpen = (action: ActionView | undefined): boolean => action === undefined || waitingWords(action) !== null;

/** One action from who asked to what came of it, live while it is under way. */
export function ActionDetail({ id, actionId }: { id: string; actionId: string }) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.agent.getAction.queryOptions(
      { id, actionId },
      { refetchInterval: (asked) => (isOpen(asked.state.data) ? every(2_000)(asked) : false) },
    ),
  );
  if (query.isError && !query.data)
    return (
      <Card>
        <QueryError error={query.error} what="The action" onRetry={() => void query.refetch()} />
      </Card>
    );
  const action = query.data;
  return (
    <div className="mx-auto w-full max-w-3xl">
      <PageHeader
        mark="bg-agents"
        title={
          action ? (
            <span className="flex min-w-0 flex-wrap items-center gap-3">
              {activityWord(action.kind)} {action.amount && <Amount units={action.amount.units} />}
              <ActivityStatus status={action.status} />
            </span>
          ) : (
            <PendingTitle />
          )
        }
        description={<Identifier value={actionId} label="action id" head={14} tail={6} />}
        action={
          action && (
            <Link href={`/agents/${id}`} className={buttonClass()}>
              {action.agent.name}
            </Link>
          )
        }
      />
      {action ? (
        <Card aria-label="Timeline">
          <CardBody>
            <ReceiptChain steps={actionSteps(action)} />
          </CardBody>
        </Card>
      ) : (
        <CardSkeleton rows={8} />
      )}
    </div>
  );
}
