"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import type { ApiOutput } from "../api/api-types.ts";
import { notifyError } from "../api/notify-error.ts";
import { QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { actionColumn, timeColumn } from "../ui/columns.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import type { Column } from "../ui/data-table.tsx";
import { DefinitionList } from "../ui/definition-list.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { Time } from "../ui/time.tsx";
import { toast } from "../ui/toast.ts";
import { describeBrowser } from "./describe-browser.ts";
import { describeFailure } from "./describe-failure.ts";
import { addPasskey } from "./passkey-ceremonies.ts";

type Me = ApiOutput["identity"]["me"];
type Passkey = Me["passkeys"][number];
type Session = ApiOutput["identity"]["listSessions"]["data"][number];

const PASSKEY_COLUMNS: readonly Column<Passkey>[] = [
  {
    id: "name",
    header: "Name",
    cell: (passkey) => (
      <span className="flex items-center gap-2 font-medium">
        <KeyRound aria-hidden className="size-4 text-ink-3" /> {passkey.name}
      </span>
    ),
    skeletonWidth: "w-32",
  },
  timeColumn("Made", (passkey) => passkey.createdAt),
  {
    id: "used",
    header: "Last used",
    cell: (passkey) =>
      passkey.lastUsedAt ? (
        <Time iso={passkey.lastUsedAt} className="text-ink-2" />
      ) : (
        <span className="text-ink-3">Never</span>
      ),
    from: "sm",
  },
];

function AddPasskeyButton({ name }: { name: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const add = useMutation({
    mutationFn: () => addPasskey(name),
    onSuccess: () => {
      toast.success("The passkey was added");
      return queryClient.invalidateQueries({ queryKey: trpc.identity.me.queryKey() });
    },
    onError: (error) => toast.error("No passkey was added", { description: describeFailure(error) }),
  });
  return (
    <Button size="sm" isPending={add.isPending} onClick={() => add.mutate()}>
      {!add.isPending && <Plus aria-hidden />} Add passkey
    </Button>
  );
}

function EndSessionButton({ session }: { session: Session }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const end = useMutation(
    trpc.identity.revokeSession.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries({ queryKey: trpc.identity.listSessions.queryKey() }),
      onError: (error) => notifyError("The session could not be ended", error),
    }),
  );
  if (session.isCurrent) return <Badge tone="outline">This browser</Badge>;
  return (
    <ConfirmDialog
      title="End this session?"
      confirmLabel="End session"
      onConfirm={() => end.mutate({ id: session.id })}
      trigger={
        <Button size="sm" variant="ghost" isPending={end.isPending}>
          End
        </Button>
      }
    >
      {describeBrowser(session.userAgent)} is signed out with its next request.
    </ConfirmDialog>
  );
}

const METHODS: Record<string, string> = { passkey: "Passkey", wallet: "Wallet", demo: "Demo account" };

const SESSION_COLUMNS: readonly Column<Session>[] = [
  {
    id: "browser",
    header: "Browser",
    cell: (session) => <span className="font-medium">{describeBrowser(session.userAgent)}</span>,
    skeletonWidth: "w-32",
  },
  {
    id: "method",
    header: "Signed in with",
    cell: (session) => <span className="text-ink-2">{METHODS[session.method] ?? session.method}</span>,
    from: "sm",
  },
  timeColumn("Since", (session) => session.createdAt),
  { id: "end", header: "Ends", cell: (session) => <Time iso={session.expiresAt} className="text-ink-2" />, from: "md" },
  actionColumn((session) => <EndSessionButton session={session} />),
];

export function SettingsView() {
  const trpc = useTRPC();
  const me = useQuery(trpc.identity.me.queryOptions());
  const sessions = useQuery(trpc.identity.listSessions.queryOptions());
  return (
    <div className="flex flex-col gap-6">
      <Card>
        <CardHeader title="You" />
        <CardBody className="py-1">
          <DefinitionList
            items={[
              { term: "Name", value: me.data?.name ?? <Skeleton className="w-24" /> },
              { term: "Roles", value: me.data?.roles.join(", ") ?? <Skeleton className="w-24" /> },
              {
                term: "Identifier",
                value: me.data ? (
                  <Identifier value={me.data.id} label="your identifier" head={8} tail={6} />
                ) : (
                  <Skeleton className="w-40" />
                ),
              },
              ...(me.data?.wallets ?? []).map((wallet) => ({
                term: "Wallet",
                value: <Identifier value={wallet.address} label="wallet address" />,
              })),
            ]}
          />
        </CardBody>
      </Card>
      <QueryCard
        title="Passkeys"
        description="They sign you in, and they own your accounts."
        action={me.data && <AddPasskeyButton name={me.data.name} />}
        query={{
          data: me.data && { data: me.data.passkeys },
          isError: me.isError,
          error: me.error,
          refetch: me.refetch,
        }}
        columns={PASSKEY_COLUMNS}
        rowKey={(passkey) => passkey.id}
        skeletonRows={1}
        empty={
          <EmptyState title="No passkey yet">
            Add one to sign in without a demo account or a wallet, and to own agents and cash-outs.
          </EmptyState>
        }
      />
      <QueryCard
        title="Sessions"
        description="Ending one takes effect with its next request."
        query={sessions}
        columns={SESSION_COLUMNS}
        rowKey={(session) => session.id}
        skeletonRows={2}
        empty={<EmptyState title="No session">There is none but this one.</EmptyState>}
      />
    </div>
  );
}
