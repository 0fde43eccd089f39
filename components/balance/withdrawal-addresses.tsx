"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy } from "react";
import type { WithdrawalAddressView } from "#core/schemas/withdrawal.ts";
import { every } from "../api/every.ts";
import { notifyError } from "../api/notify-error.ts";
import { QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { StatusBadge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { actionColumn } from "../ui/columns.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Opener } from "../ui/opener.tsx";
import { Time } from "../ui/time.tsx";

const AddAddressDialog = lazy(() => import("./add-address-dialog.tsx"));

const KINDS = {
  account: "Your own account",
  agent: "An agent of yours",
  wallet: "Your wallet",
  added: "Added by you",
} as const satisfies Record<WithdrawalAddressView["kind"], string>;

function RemoveButton({ address }: { address: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const remove = useMutation(
    trpc.account.removeWithdrawalAddress.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries({ queryKey: trpc.account.listWithdrawalAddresses.queryKey() }),
      onError: (error) => notifyError("The address could not be removed", error),
    }),
  );
  return (
    <ConfirmDialog
      title="Remove this address?"
      confirmLabel="Remove"
      onConfirm={() => remove.mutate({ address })}
      trigger={
        <Button size="sm" variant="ghost" isPending={remove.isPending}>
          Remove
        </Button>
      }
    >
      Withdrawals to it are refused from now on. Added again, it waits again.
    </ConfirmDialog>
  );
}

const COLUMNS: readonly Column<WithdrawalAddressView>[] = [
  {
    id: "address",
    header: "Address",
    cell: (row) => (
      <span className="block min-w-0">
        <Identifier value={row.address} label="address" />
        <span className="block truncate text-ink-3 text-xs">{row.label ?? KINDS[row.kind]}</span>
      </span>
    ),
  },
  {
    id: "state",
    header: "State",
    cell: (row) =>
      row.isUsable ? (
        <StatusBadge kind="ok">Usable</StatusBadge>
      ) : (
        <span className="text-ink-2 text-sm">
          Usable <Time iso={row.usableAt} />
        </span>
      ),
  },
  actionColumn((row) => (row.kind === "added" ? <RemoveButton address={row.address} /> : null)),
];

export default function WithdrawalAddresses() {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.account.listWithdrawalAddresses.queryOptions(undefined, { refetchInterval: every(10_000) }),
  );
  return (
    <QueryCard
      title="Withdrawal addresses"
      description="Money leaves to these alone. A new one waits before it counts."
      action={
        <Opener trigger={<Button size="sm">Add address</Button>}>{(popup) => <AddAddressDialog {...popup} />}</Opener>
      }
      query={query}
      columns={COLUMNS}
      rowKey={(row) => `${row.kind} ${row.address}`}
      skeletonRows={2}
      empty={
        <EmptyState title="No address yet">
          Add the address you want to be paid at. Your own account and your agents count without being added.
        </EmptyState>
      }
    />
  );
}
