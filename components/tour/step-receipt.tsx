import { ArrowUpRight } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import type { Receipt } from "#core/journey/ports.ts";
import { DefinitionList } from "../ui/definition-list.tsx";
import { Identifier } from "../ui/identifier.tsx";
import type { Row } from "./step-facts.ts";
import { formatMs } from "./step-state.ts";

/** Where a stranger sees what an identifier names. */
const PAGES: Record<string, (value: string) => string> = {
  receipt: (value) => `/receipt/${value}`,
  inference: (value) => `/verify/${value}`,
  agent: (value) => `/agents/${value}`,
};

function Value({ row, value }: { row: Row; value: string | number | undefined }): ReactNode {
  if (value === undefined || value === "") return <span className="text-ink-3">—</span>;
  const text = String(value);
  switch (row.as) {
    case "identifier": {
      const page = PAGES[row.key];
      return (
        <span className="inline-flex items-center">
          <Identifier value={text} label={row.label.toLowerCase()} head={8} tail={6} />
          {page && (
            <Link
              href={page(text) as "/"}
              aria-label={`Open ${row.label.toLowerCase()}`}
              className="inline-flex size-6 items-center justify-center rounded-sm text-ink-3 hover:bg-sunken hover:text-ink"
            >
              <ArrowUpRight aria-hidden className="size-3.5" />
            </Link>
          )}
        </span>
      );
    }
    case "amount":
      return <span className="tabular font-medium text-base">{text}</span>;
    case "milliseconds":
      return <span className="tabular">{formatMs(Number(value))}</span>;
    case "number":
      return <span className="tabular">{Number(value).toLocaleString("en")}</span>;
    case "code":
      return <code className="break-all font-mono text-xs">{text}</code>;
    case "word":
      return text;
  }
}

/** What the step left behind, exact and to copy; a dash keeps the place of what is not there yet. */
export function StepReceipt({ rows, receipt }: { rows: readonly Row[]; receipt: Receipt }) {
  return (
    <DefinitionList
      items={rows.map((row) => ({ term: row.label, value: <Value row={row} value={receipt[row.key]} /> }))}
    />
  );
}
