"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { lazy, Suspense } from "react";
import type { ApiOutput } from "../api/api-types.ts";
import { notifyError } from "../api/notify-error.ts";
import { QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { StatusBadge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { actionColumn } from "../ui/columns.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Opener } from "../ui/opener.tsx";
import { Time } from "../ui/time.tsx";
import { toast } from "../ui/toast.ts";

const CreateKeyDialog = lazy(() => import("./create-key-dialog.tsx"));
const KeyLimit = lazy(() => import("../limits/key-limit.tsx"));

type Key = ApiOutput["identity"]["listApiKeys"]["data"][number];

function keyState(key: Key) {
  if (key.revokedAt !== null) return <StatusBadge kind="bad">Revoked</StatusBadge>;
  if (key.expiresAt !== null && Date.parse(key.expiresAt) < Date.now())
    return <StatusBadge kind="idle">Expired</StatusBadge>;
  return <StatusBadge kind="ok">Active</StatusBadge>;
}

function RevokeButton({ apiKey }: { apiKey: Key }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const revoke = useMutation(
    trpc.identity.revokeApiKey.mutationOptions({
      onSuccess: () => {
        toast.success(`“${apiKey.name}” is revoked`, { description: "The next request with it is refused." });
        return queryClient.invalidateQueries({ queryKey: trpc.identity.listApiKeys.queryKey() });
      },
      onError: (error) => notifyError("The key could not be revoked", error),
    }),
  );
  if (apiKey.revokedAt !== null) return null;
  return (
    <ConfirmDialog
      title={`Revoke “${apiKey.name}”?`}
      confirmLabel="Revoke key"
      onConfirm={() => revoke.mutate({ id: apiKey.id })}
      trigger={
        <Button size="sm" variant="ghost" isPending={revoke.isPending}>
          Revoke
        </Button>
      }
    >
      Programs that use it are refused from their next request on. This cannot be undone; a new key takes a few seconds.
    </ConfirmDialog>
  );
}

const COLUMNS: readonly Column<Key>[] = [
  { id: "name", header: "Name", cell: (key) => <span className="font-medium">{key.name}</span>, skeletonWidth: "w-24" },
  {
    id: "prefix",
    header: "Key",
    cell: (key) => <code className="font-mono text-ink-2">{key.prefix}…</code>,
    from: "sm",
    skeletonWidth: "w-40",
  },
  {
    id: "scopes",
    header: "May",
    cell: (key) => <span className="text-ink-2">{key.scopes.join(", ")}</span>,
    from: "lg",
    skeletonWidth: "w-40",
  },
  { id: "state", header: "State", cell: keyState },
  {
    id: "limit",
    header: "Limit",
    cell: (key) =>
      key.revokedAt === null && (
        <Suspense fallback={null}>
          <KeyLimit apiKeyId={key.id} />
        </Suspense>
      ),
    from: "md",
    skeletonWidth: "w-28",
  },
  {
    id: "used",
    header: "Last used",
    cell: (key) =>
      key.lastUsedAt ? <Time iso={key.lastUsedAt} className="text-ink-2" /> : <span className="text-ink-3">Never</span>,
    from: "md",
  },
  actionColumn((key) => <RevokeButton apiKey={key} />),
];

export function ApiKeyTable({ onCreated }: { onCreated: (token: string) => void }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.identity.listApiKeys.queryOptions());
  return (
    <QueryCard
      title="API keys"
      description="Shown once, stored as a hash, revoked within a second."
      action={
        <Opener
          trigger={
            <Button variant="primary">
              <Plus aria-hidden /> Create key
            </Button>
          }
        >
          {(popup) => <CreateKeyDialog {...popup} onCreated={onCreated} />}
        </Opener>
      }
      query={query}
      columns={COLUMNS}
      rowKey={(key) => key.id}
      skeletonRows={2}
      empty={
        <EmptyState
          title="No key yet"
          example={'export CONVERGE_KEY=cvg_test_…\ncurl -H "Authorization: Bearer $CONVERGE_KEY" …'}
        >
          A key lets a program act for you within the scopes you choose. The sample below fills itself in with the key
          you make.
        </EmptyState>
      }
    />
  );
}
