import { useSearchParams } from "next/navigation";
import type { StatementFilterInput } from "#core/schemas/statement.ts";

/** The filter's fields, by the names they have in addresses and at the API. */
const FIELDS = [
  "agentId",
  "from",
  "to",
  "kinds",
  "flow",
  "counterparty",
  "text",
  "amountMin",
  "amountMax",
] as const satisfies readonly (keyof StatementFilterInput)[];
export type StatementFields = Partial<Record<(typeof FIELDS)[number], string>>;

const readFields = (params: URLSearchParams): StatementFields =>
  Object.fromEntries(FIELDS.flatMap((name) => (params.get(name) ? [[name, params.get(name)]] : [])));

/** The statement's filter stands in the page's address: a link brings it back, and so does the way back. */
export function useStatementFields() {
  const fields = readFields(useSearchParams());
  const setFields = (next: StatementFields): void => {
    const address = new URL(window.location.href);
    for (const name of FIELDS) {
      const value = next[name];
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    window.history.pushState(null, "", address);
  };
  return [fields, setFields] as const;
}

/** The file of everything that the filter lets through. */
export function exportHref(format: "csv" | "json", fields: StatementFields): string {
  const query = new URLSearchParams(fields).toString();
  return `/api/v1/balance/statement.${format}${query === "" ? "" : `?${query}`}`;
}

/** The beginning of a day here, as the moment it is everywhere; `after` days later. */
export function dayToMoment(day: string, after = 0): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + after).toISOString();
}

/** The day here of a moment, as a date field has it; `before` days earlier. */
export function momentToDay(moment: string | undefined, before = 0): string {
  if (moment === undefined || Number.isNaN(Date.parse(moment))) return "";
  const at = new Date(moment);
  const day = new Date(at.getFullYear(), at.getMonth(), at.getDate() - before);
  const two = (value: number) => value.toString().padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}
