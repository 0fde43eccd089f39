import { type CsvCell, csvLine } from "#core/csv.ts";
import { DomainError } from "#core/errors.ts";
import { formatAmount, toWire, usd } from "#core/money.ts";
import { type StatementEntryView, statementFilterInput } from "#core/schemas/statement.ts";
import { assertScope } from "#server/identity/assert-scope.ts";
import { readAllStatement } from "#server/ledger/list-statement.ts";
import type { StatementEntry } from "#server/ledger/read-statement.ts";
import { readStatementFilter } from "#server/ledger/statement-filter.ts";
import { statementAccount } from "#server/wallets/statement-account.ts";
import { assertCleanInput } from "./clean-input.ts";
import { openDoor } from "./door.ts";

export type StatementFormat = "csv" | "json";

/** An export reads as much as many pages do, and counts as as many. */
const EXPORT_COST = 20;
const CONTENT_TYPES: Record<StatementFormat, string> = {
  csv: "text/csv; charset=utf-8; header=present",
  json: "application/json; charset=utf-8",
};

export const viewEntry = ({
  transferId,
  amount,
  balance,
  createdAt,
  ...entry
}: StatementEntry): StatementEntryView => ({
  object: "posting",
  ...entry,
  id: transferId,
  amount: toWire(usd(amount)),
  balance: toWire(usd(balance)),
  createdAt: createdAt.toISOString(),
});

const COLUMNS: readonly (readonly [name: string, cell: (entry: StatementEntryView) => CsvCell])[] = [
  ["id", ({ id }) => ({ text: id })],
  ["time", ({ createdAt }) => ({ text: createdAt })],
  ["kind", ({ kind }) => ({ text: kind })],
  ["flow", ({ amount }) => ({ text: amount.units.startsWith("-") ? "out" : "in" })],
  ["counterparty", ({ counterparty }) => ({ text: counterparty })],
  ["asset", ({ amount }) => ({ text: amount.asset })],
  ["amount_units", ({ amount }) => ({ number: amount.units })],
  ["amount", ({ amount }) => ({ number: formatAmount(usd(BigInt(amount.units))) })],
  ["balance_units", ({ balance }) => ({ number: balance.units })],
  ["balance", ({ balance }) => ({ number: formatAmount(usd(BigInt(balance.units))) })],
  ["reference", ({ refId }) => ({ text: refId })],
  ["memo", ({ memo }) => ({ text: memo })],
];

async function* csvText(batches: AsyncGenerator<StatementEntry[]>): AsyncGenerator<string> {
  yield csvLine(COLUMNS.map(([name]) => ({ text: name })));
  for await (const entries of batches)
    yield entries.map((entry) => csvLine(COLUMNS.map(([, cell]) => cell(viewEntry(entry))))).join("");
}

async function* jsonText(batches: AsyncGenerator<StatementEntry[]>, head: object): AsyncGenerator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"data":[`;
  let separator = "\n";
  for await (const entries of batches) {
    yield separator + entries.map((entry) => JSON.stringify(viewEntry(entry))).join(",\n");
    separator = ",\n";
  }
  yield "\n]}\n";
}

/** A batch is read when the reader has taken the one before, and none after the reader has left. */
function streamOf(parts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await parts.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      async cancel() {
        await parts.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

const nameOf = (account: string, { from, to }: { from?: string | undefined; to?: string | undefined }): string =>
  ["converge-statement", account.split(":")[0], ...[from, to].map((at) => at?.slice(0, 10) ?? "")]
    .filter((part) => part !== "" && part !== undefined)
    .join("-");

/** `GET /api/v1/balance/statement.csv` and `….json`: every entry that a filter lets through, as a file. */
export function handleStatementExport(request: Request, format: StatementFormat): Promise<Response> {
  return openDoor(request, { name: "statement", cost: EXPORT_COST }, async ({ actor }) => {
    if (!actor) throw new DomainError("UNAUTHENTICATED");
    assertScope(actor, "balance:read");
    const query = Object.fromEntries(new URL(request.url).searchParams);
    assertCleanInput(query);
    const { agentId, ...wanted } = statementFilterInput.parse(query);
    const account = await statementAccount(actor, agentId);
    const batches = readAllStatement(account, readStatementFilter(wanted));
    const head = { object: "statement", account, filter: wanted, exportedAt: new Date().toISOString() };
    return new Response(streamOf(format === "csv" ? csvText(batches) : jsonText(batches, head)), {
      headers: {
        "content-type": CONTENT_TYPES[format],
        "content-disposition": `attachment; filename="${nameOf(account, wanted)}.${format}"`,
      },
    });
  });
}
