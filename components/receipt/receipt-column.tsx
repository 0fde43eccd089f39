import type { ReactNode } from "react";
import type { Column } from "../ui/data-table.tsx";

/** The small door to a receipt, at the end of every row. */
export function receiptColumn<Row>(cell: (row: Row) => ReactNode): Column<Row> {
  const look = { isHeaderHidden: true, align: "right", className: "w-12 pl-0", skeletonWidth: "w-5" } as const;
  return { id: "receipt", header: "Receipt", ...look, cell };
}
