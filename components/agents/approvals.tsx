"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { lazy } from "react";
import { formatUnits } from "viem/utils";
import type { AgreementRequest, ApprovalRequest } from "#core/schemas/approval.ts";
import { every } from "../api/every.ts";
import { notifyError } from "../api/notify-error.ts";
import { QueryError } from "../api/query-error.tsx";
import { useTRPC } from "../api/trpc.ts";
import { signOperation } from "../identity/sign-operation.ts";
import { Amount } from "../money/amount.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { CardSkeleton } from "../ui/card-skeleton.tsx";
import { DefinitionList } from "../ui/definition-list.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Opener } from "../ui/opener.tsx";
import { Time } from "../ui/time.tsx";
import { toast } from "../ui/toast.ts";
import { ActionLink } from "./action-link.tsx";
import { Calls } from "./calls.tsx";
import { Changes } from "./policy-changes.tsx";

const RejectDialog = lazy(() => import("./reject-dialog.tsx"));

function Effects({ effects }: Pick<ApprovalRequest, "effects">) {
  if (effects === null) return <p className="text-bad text-sm">Tried out now, it would not go through.</p>;
  if (effects.length === 0) return <p className="text-ink-2 text-sm">No token that is known here moves.</p>;
  return (
    <ul className="text-sm">
      {effects.map(({ token, symbol, decimals, change }) => (
        <li key={token} className="tabular">
          {change.startsWith("-") ? "" : "+"}
          {formatUnits(BigInt(change), decimals)} {symbol}
        </li>
      ))}
    </ul>
  );
}

function Decide({ request }: { request: ApprovalRequest }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const refresh = () => queryClient.invalidateQueries({ queryKey: trpc.agent.pathKey() });
  const approve = useMutation(trpc.agent.approve.mutationOptions({ onSettled: refresh }));
  const { toSign } = request;
  const run = async () => {
    if (!toSign) return;
    try {
      const { status } = await approve.mutateAsync({ id: request.id, signature: await signOperation(toSign) });
      toast.success(status === "awaiting-approval" ? "Approved; others are still wanted" : "Approved and sent");
    } catch (error) {
      notifyError("It could not be approved", error);
    }
  };
  return (
    <div className="flex flex-wrap items-center gap-2">
      {toSign ? (
        <Button variant="primary" isPending={approve.isPending} onClick={() => void run()}>
          Approve
        </Button>
      ) : (
        <span className="text-ink-3 text-sm">You have no signature to give, or gave it.</span>
      )}
      <Opener trigger={<Button variant="danger">Say no</Button>}>
        {(popup) => <RejectDialog {...popup} id={request.id} />}
      </Opener>
    </div>
  );
}

function Request({ request }: { request: ApprovalRequest }) {
  return (
    <Card>
      <CardHeader
        title={
          request.owner.isYou ? (
            <Link
              href={`/agents/${request.agent.id}`}
              className="rounded-sm underline decoration-line underline-offset-4 hover:decoration-ink"
            >
              {request.agent.name}
            </Link>
          ) : (
            `${request.agent.name}, an agent of ${request.owner.name ?? request.owner.id}`
          )
        }
        description={
          <>
            Asked <Time iso={request.createdAt} />; can be approved until <Time iso={request.expiresAt} isExact />.
            {request.owner.isYou && (
              <>
                {" "}
                <ActionLink agentId={request.agent.id} id={request.id} />
              </>
            )}
          </>
        }
        action={
          <Badge tone="warn">
            {request.approved.length} of {request.needed}
          </Badge>
        }
      />
      <CardBody className="flex flex-col gap-4">
        <Calls calls={request.calls} />
        <DefinitionList
          items={[
            { term: "What it would do", value: <Effects effects={request.effects} /> },
            {
              term: "Needs approval over",
              value: <Amount units={request.over} />,
            },
            {
              term: "Approved by",
              value: request.approved.length === 0 ? "Nobody yet" : request.approved.map(({ name }) => name).join(", "),
            },
            { term: "Operation", value: <Identifier value={request.userOperationHash} label="operation hash" /> },
            { term: "Calls", value: <Identifier value={request.callDataHash} label="hash of the calls" /> },
            ...(request.toSign
              ? [{ term: "You sign", value: <Identifier value={request.toSign.hash} label="hash you sign" /> }]
              : []),
          ]}
        />
        <Decide request={request} />
      </CardBody>
    </Card>
  );
}

function Agree({ request }: { request: AgreementRequest }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const agree = useMutation(
    trpc.agent.agreeToPolicy.mutationOptions({
      onSettled: () => queryClient.invalidateQueries({ queryKey: trpc.agent.pathKey() }),
    }),
  );
  const { toSign } = request;
  if (!toSign) return <span className="text-ink-3 text-sm">It waits for others.</span>;
  const run = async () => {
    try {
      const signature = await signOperation(toSign);
      await agree.mutateAsync({ id: request.agent.id, number: request.number, signature });
      toast.success("Agreed", { description: "Its owner's signature puts it on the chain." });
    } catch (error) {
      notifyError("That did not work", error);
    }
  };
  return (
    <Button variant="primary" isPending={agree.isPending} onClick={() => void run()}>
      Agree
    </Button>
  );
}

/** A policy that wants others than its owner. */
function PolicyRequest({ request }: { request: AgreementRequest }) {
  const { agent, owner } = request;
  return (
    <Card>
      <CardHeader
        title={
          owner.isYou
            ? `New limits of ${agent.name}`
            : `New limits of ${agent.name}, an agent of ${owner.name ?? owner.id}`
        }
        description={
          <>
            Asked <Time iso={request.createdAt} />.
          </>
        }
        action={
          <Badge tone="warn">
            {request.agreed.length} of {request.needed}
          </Badge>
        }
      />
      <CardBody className="flex flex-col gap-4">
        <Changes changes={request.changes} />
        <DefinitionList
          items={[
            { term: "Agreed", value: request.agreed.length === 0 ? "Nobody yet" : request.agreed.join(", ") },
            { term: "Policy", value: <Identifier value={request.policyHash} label="policy hash" /> },
            ...(request.toSign
              ? [{ term: "You sign", value: <Identifier value={request.toSign.hash} label="hash you sign" /> }]
              : []),
          ]}
        />
        <div>
          <Agree request={request} />
        </div>
      </CardBody>
    </Card>
  );
}

/** What waits for a person: the exact calls, what they would do, and the hash that is signed. */
export function Approvals() {
  const trpc = useTRPC();
  const query = useQuery(trpc.agent.listApprovals.queryOptions(undefined, { refetchInterval: every(5_000) }));
  if (query.isError && !query.data)
    return (
      <Card>
        <QueryError error={query.error} what="The approvals" onRetry={() => void query.refetch()} />
      </Card>
    );
  if (!query.data) return <CardSkeleton rows={5} />;
  const { data, policies } = query.data;
  if (data.length === 0 && policies.length === 0)
    return (
      <Card>
        <EmptyState title="Nothing waits for you">
          What an agent may do only with people's approval appears here, with its exact calls and what they would come
          to.
        </EmptyState>
      </Card>
    );
  return (
    <div className="flex flex-col gap-6">
      {policies.map((request) => (
        <PolicyRequest key={`${request.agent.id} ${request.number}`} request={request} />
      ))}
      {data.map((request) => (
        <Request key={request.id} request={request} />
      ))}
    </div>
  );
}
