"use client";

import { useQuery } from "@tanstack/react-query";
import type { ApiOutput } from "../api/api-types.ts";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { StatusBadge } from "../ui/badge.tsx";
import type { Definition } from "../ui/definition-list.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Time } from "../ui/time.tsx";
import { LedgerId } from "./ledger-id.tsx";
import { LedgerObjectCard, Nothing } from "./ledger-object.tsx";

type Transfer = ApiOutput["explorer"]["getTransfer"];

/** Where the reference is a thing of the ledger itself, it leads there. */
const Reference = ({ id }: { id: string }) =>
  /^(adj|rsv|txf|bat)_/.test(id) ? <LedgerId id={id} /> : <Identifier value={id} label="reference" isFull />;

const facts = (transfer: Transfer): readonly Definition[] => [
  { term: "Amount", value: <Amount {...transfer.amount} className="font-medium" /> },
  { term: "From", value: <LedgerId id={transfer.debit.split("/")[0] ?? transfer.debit} isFull /> },
  { term: "To", value: <LedgerId id={transfer.credit.split("/")[0] ?? transfer.credit} isFull /> },
  { term: "Kind", value: transfer.kind },
  { term: "Reference", value: transfer.refId === null ? <Nothing /> : <Reference id={transfer.refId} /> },
  { term: "Memo", value: transfer.memo === null ? <Nothing /> : <span className="break-all">{transfer.memo}</span> },
  {
    term: "Key",
    value:
      transfer.key === null ? (
        <Nothing>Part of a capture</Nothing>
      ) : (
        <Identifier value={transfer.key} label="key" isFull />
      ),
  },
  {
    term: "Reservation",
    value: transfer.reservationId === null ? <Nothing /> : <LedgerId id={transfer.reservationId} />,
  },
  { term: "Posted", value: <Time iso={transfer.createdAt} /> },
  { term: "Batch", value: <LedgerId id={transfer.batch.id} /> },
  { term: "Link of the chain", value: transfer.batch.link ?? <Nothing>Not sealed yet</Nothing> },
  {
    term: "The link’s hash",
    value:
      transfer.batch.hash === null ? (
        <Nothing />
      ) : (
        <Identifier value={transfer.batch.hash} label="hash" head={12} tail={8} />
      ),
  },
];

export default function LedgerTransfer({ id }: { id: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.explorer.getTransfer.queryOptions({ id }));
  return (
    <LedgerObjectCard
      query={query}
      title="Transfer"
      id={id}
      facts={facts}
      status={({ batch }) => (
        <StatusBadge kind={batch.link === null ? "busy" : "ok"}>
          {batch.link === null ? "Not sealed yet" : "Sealed"}
        </StatusBadge>
      )}
    />
  );
}
