import type { Column } from "../ui/data-table.tsx";
import { Amount } from "./amount.tsx";

/** An amount of every row, one below the other. */
export function amountColumn<Row>(
  header: string,
  amount: (row: Row) => string | { units: string; asset?: string },
  options?: Partial<Omit<Column<Row>, "cell">>,
): Column<Row> {
  const cell = (row: Row) => {
    const shown = amount(row);
    return typeof shown === "string" ? <Amount units={shown} /> : <Amount {...shown} />;
  };
  return { id: header.toLowerCase().replaceAll(" ", "-"), header, align: "right", cell, ...options };
}
