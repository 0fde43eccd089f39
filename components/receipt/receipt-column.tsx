import type { ReactNode } from "react";
import type { Column } from "../ui/data-table.tsx";

/** The small door to a receipt, at the end of every row. */
export function receiptColumn<Row>(cell: (row: Row) => ReactNode): Column<Row> {
  return { id: "receipt", header: "Receipt", isHeaderHidden: true, align: "right", className: "w-12 pl-0", cell };
}
