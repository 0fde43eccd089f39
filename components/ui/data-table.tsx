import type { ReactNode } from "react";
import { cn } from "./class-names.ts";
import { Skeleton } from "./skeleton.tsx";

export type Column<Row> = {
  id: string;
  header: ReactNode;
  cell: (row: Row) => ReactNode;
  align?: "left" | "right";
  /** The narrowest screen on which the column shows. */
  from?: "sm" | "md" | "lg";
  isHeaderHidden?: boolean;
  className?: string;
  skeletonWidth?: string;
};

const FROM = { sm: "hidden sm:table-cell", md: "hidden md:table-cell", lg: "hidden lg:table-cell" } as const;

type DataTableProps<Row> = {
  caption: string;
  columns: readonly Column<Row>[];
  /** `undefined` while they load: the table then keeps the height of `skeletonRows` rows. */
  rows: readonly Row[] | undefined;
  rowKey: (row: Row) => string;
  skeletonRows?: number;
  empty?: ReactNode;
  className?: string;
};

const cellClass = (column: Column<never> | Column<unknown>): string =>
  cn(column.align === "right" && "text-right", column.from && FROM[column.from], column.className);

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { caption, columns, rows, rowKey, skeletonRows = 4, empty, className } = props;
  if (rows?.length === 0 && empty !== undefined) return <>{empty}</>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways must be reachable by keyboard.
    <section aria-label={caption} tabIndex={0} className={cn("scroll-thin relative overflow-x-auto", className)}>
      <table className="w-full border-collapse text-left text-sm" aria-busy={rows === undefined}>
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-line border-b">
            {columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                className={cn(
                  "h-9 whitespace-nowrap px-4 font-medium text-ink-3 text-xs",
                  cellClass(column as Column<never>),
                )}
              >
                {column.isHeaderHidden === true ? <span className="sr-only">{column.header}</span> : column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows === undefined
            ? Array.from({ length: skeletonRows }, (_, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity.
                <tr key={index} className="border-line border-b last:border-0">
                  {columns.map((column) => (
                    <td key={column.id} className={cn("h-11 px-4", cellClass(column as Column<never>))}>
                      <Skeleton className={cn(column.skeletonWidth ?? "w-16", column.align === "right" && "ml-auto")} />
                    </td>
                  ))}
                </tr>
              ))
            : rows.map((row) => (
                <tr key={rowKey(row)} className="border-line border-b transition-colors last:border-0 hover:bg-canvas">
                  {columns.map((column) => (
                    <td key={column.id} className={cn("h-11 px-4 py-2", cellClass(column as Column<never>))}>
                      {column.cell(row)}
                    </td>
                  ))}
                </tr>
              ))}
        </tbody>
      </table>
    </section>
  );
}
