"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { lazy } from "react";
import type { NamedAddress } from "#core/schemas/address.ts";
import { notifyError } from "../api/notify-error.ts";
import { QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Button } from "../ui/button.tsx";
import { actionColumn } from "../ui/columns.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Opener } from "../ui/opener.tsx";

const AddressDialog = lazy(() => import("./address-dialog.tsx"));

function RemoveButton({ entry }: { entry: NamedAddress }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const remove = useMutation(
    trpc.address.remove.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries({ queryKey: trpc.address.pathKey() }),
      onError: (error) => notifyError("The address could not be removed", error),
    }),
  );
  return (
    <ConfirmDialog
      title={`Remove ${entry.name}?`}
      confirmLabel="Remove"
      onConfirm={() => remove.mutate({ id: entry.id })}
      trigger={
        <Button size="sm" variant="ghost" isPending={remove.isPending}>
          Remove
        </Button>
      }
    >
      Only its name goes. Agents whose limits name the address may pay it as before.
    </ConfirmDialog>
  );
}

const COLUMNS: readonly Column<NamedAddress>[] = [
  {
    id: "name",
    header: "Name",
    cell: (entry) => (
      <span className="block min-w-0">
        <span className="block font-medium">{entry.name}</span>
        {entry.note !== null && <span className="block text-ink-3 text-xs">{entry.note}</span>}
        <Identifier value={entry.address} label="address" className="sm:hidden" />
      </span>
    ),
    skeletonWidth: "w-32",
  },
  {
    id: "address",
    header: "Address",
    from: "sm",
    cell: (entry) => <Identifier value={entry.address} label="address" />,
    skeletonWidth: "w-28",
  },
  {
    id: "used",
    header: "May be paid by",
    from: "md",
    cell: ({ usedBy }) =>
      usedBy.length === 0 ? (
        <span className="text-ink-3">–</span>
      ) : (
        <span className="flex flex-wrap gap-x-3">
          {usedBy.map(({ id, name }) => (
            <Link
              key={id}
              href={`/agents/${id}`}
              className="rounded-sm underline decoration-line underline-offset-4 hover:decoration-ink"
            >
              {name}
            </Link>
          ))}
        </span>
      ),
  },
  actionColumn((entry) => (
    <span className="flex justify-end">
      <Opener
        trigger={
          <Button size="sm" variant="ghost">
            Edit
          </Button>
        }
      >
        {(popup) => <AddressDialog {...popup} entry={entry} />}
      </Opener>
      <RemoveButton entry={entry} />
    </span>
  )),
];

const addButton = (
  <Opener trigger={<Button size="sm">Add address</Button>}>{(popup) => <AddressDialog {...popup} />}</Opener>
);

export function AddressBook() {
  const trpc = useTRPC();
  const query = useQuery(trpc.address.list.queryOptions());
  return (
    <QueryCard
      title="Address book"
      description="A name gives no rights: an agent pays whom its limits name, and your balance leaves to your withdrawal addresses alone."
      action={addButton}
      query={query}
      columns={COLUMNS}
      rowKey={(entry) => entry.id}
      empty={
        <EmptyState title="No address yet" example={"Landlord 0x12…ab\nPower company 0xcd…ef"}>
          Name the addresses you pay. They are found by name wherever an address is asked for, and you are warned of one
          that only looks like them.
        </EmptyState>
      }
    />
  );
}
