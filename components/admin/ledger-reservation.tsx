"use client";

import { useQuery } from "@tanstack/react-query";
import type { ApiOutput } from "../api/api-types.ts";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { Card, CardHeader } from "../ui/card.tsx";
import { DataTable } from "../ui/data-table.tsx";
import type { Definition } from "../ui/definition-list.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Time } from "../ui/time.tsx";
import { ReservationStatus, transferColumns } from "./ledger-columns.tsx";
import { LedgerId } from "./ledger-id.tsx";
import { LedgerObjectCard, Nothing } from "./ledger-object.tsx";

type Reservation = ApiOutput["explorer"]["getReservation"];

const inBatch = (id: string | null) => (id === null ? <Nothing /> : <LedgerId id={id} />);

const facts = (life: Reservation): readonly Definition[] => [
  { term: "Set aside", value: <Amount {...life.amount} className="font-medium" /> },
  { term: "Captured", value: <Amount {...life.captured} /> },
  { term: "Given back", value: <Amount {...life.released} /> },
  { term: "Account", value: <LedgerId id={life.account.split("/")[0] ?? life.account} isFull /> },
  { term: "For", value: life.purpose },
  { term: "Reference", value: life.refId === null ? <Nothing /> : <Identifier value={life.refId} label="reference" /> },
  { term: "Scopes", value: life.scopes.length === 0 ? <Nothing /> : life.scopes.join(", ") },
  { term: "Key", value: <Identifier value={life.key} label="key" isFull /> },
  { term: "Opened", value: <Time iso={life.createdAt} /> },
  { term: "Opened in batch", value: inBatch(life.batchId) },
  { term: "Expires", value: <Time iso={life.expiresAt} /> },
  { term: "Closed", value: life.closedAt === null ? <Nothing>Still open</Nothing> : <Time iso={life.closedAt} /> },
  { term: "Closed in batch", value: inBatch(life.closedBatchId) },
];

export default function LedgerReservation({ id }: { id: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.explorer.getReservation.queryOptions({ id }));
  return (
    <LedgerObjectCard
      query={query}
      title="Reservation"
      id={id}
      facts={facts}
      status={({ status }) => <ReservationStatus status={status} />}
    >
      {({ transfers }) =>
        transfers.length > 0 && (
          <Card>
            <CardHeader title="Paid from it" />
            <DataTable caption="Paid from it" columns={transferColumns()} rows={transfers} rowKey={(row) => row.id} />
          </Card>
        )
      }
    </LedgerObjectCard>
  );
}
