import type { ReactNode } from "react";
import type { Column } from "./data-table.tsx";
import { Time } from "./time.tsx";

type Options<Row> = Partial<Omit<Column<Row>, "cell">>;

const idOf = (header: string): string => header.toLowerCase().replaceAll(" ", "-");

/** When something was, or will be. */
export function timeColumn<Row>(header: string, at: (row: Row) => string, options?: Options<Row>): Column<Row> {
  const cell = (row: Row) => <Time iso={at(row)} className="whitespace-nowrap text-ink-2" />;
  return { id: idOf(header), header, cell, ...options };
}

/** A figure, set to be compared with the one above it; a dash where there is none yet. */
export function numberColumn<Row>(
  header: string,
  value: (row: Row) => string | number | null,
  options?: Options<Row>,
): Column<Row> {
  const cell = (row: Row) => {
    const shown = value(row);
    return shown === null ? <span className="text-ink-3">–</span> : <span className="tabular">{shown}</span>;
  };
  return { id: idOf(header), header, align: "right", cell, ...options };
}

/** What can be done with a row, at its end. */
export function actionColumn<Row>(cell: (row: Row) => ReactNode, options?: Options<Row>): Column<Row> {
  return { id: "action", header: "Actions", isHeaderHidden: true, align: "right", cell, ...options };
}
