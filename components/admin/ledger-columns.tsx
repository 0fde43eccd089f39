import type { LedgerReservationRow, LedgerTransferRow } from "#core/schemas/explorer.ts";
import { Amount } from "../money/amount.tsx";
import { amountColumn } from "../money/amount-column.tsx";
import { StatusWord, type StatusWords } from "../ui/badge.tsx";
import { timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { LedgerId } from "./ledger-id.tsx";

const RESERVATION_WORDS: StatusWords<LedgerReservationRow["status"]> = {
  open: ["busy", "Open"],
  captured: ["ok", "Captured"],
  released: ["idle", "Released"],
  expired: ["warn", "Expired"],
};

export const ReservationStatus = ({ status }: Pick<LedgerReservationRow, "status">) => (
  <StatusWord words={RESERVATION_WORDS} status={status} />
);

const idColumn = <Row extends { id: string }>(): Column<Row> => ({
  id: "id",
  header: "Id",
  cell: ({ id }) => <LedgerId id={id} />,
});

/** Transfers with both sides; of one account's, what left it has a minus. */
export const transferColumns = (account?: string): readonly Column<LedgerTransferRow>[] => [
  idColumn<LedgerTransferRow>(),
  timeColumn("When", (row) => row.createdAt, { from: "lg" }),
  { id: "kind", header: "Kind", from: "sm", cell: ({ kind }) => <span className="text-ink-2">{kind}</span> },
  { id: "from", header: "From", from: "md", cell: ({ debit }) => <LedgerId id={debit} /> },
  { id: "to", header: "To", from: "md", cell: ({ credit }) => <LedgerId id={credit} /> },
  {
    id: "amount",
    header: "Amount",
    align: "right",
    cell: ({ amount, debit }) => {
      const leaves = account !== undefined && debit.split("/")[0] === account;
      return (
        <Amount
          units={leaves ? `-${amount.units}` : amount.units}
          asset={amount.asset}
          isSigned={account !== undefined}
        />
      );
    },
  },
];

export const RESERVATION_COLUMNS: readonly Column<LedgerReservationRow>[] = [
  idColumn<LedgerReservationRow>(),
  { id: "purpose", header: "For", from: "sm", cell: ({ purpose }) => <span className="text-ink-2">{purpose}</span> },
  {
    id: "account",
    header: "Account",
    from: "md",
    cell: ({ account }) => <LedgerId id={account.split("/")[0] ?? account} />,
  },
  timeColumn("Expires", (row) => row.expiresAt, { from: "lg" }),
  { id: "status", header: "Status", cell: ({ status }) => <ReservationStatus status={status} /> },
  amountColumn("Amount", (row) => row.amount),
];
