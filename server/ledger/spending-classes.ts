import { LEDGER_UNITS_MAX } from "#core/money.ts";
import { arrayLiteral } from "./array-literal.ts";
import { assetNumber } from "./asset-numbers.ts";
import type { LedgerRow } from "./operations.ts";

type Sums = { spent: bigint; reserved: bigint; largest: bigint };

/** Spending of one account under the same further scopes: it falls under the same caps, so they are taken from once. */
type SpendingClass = {
  account: string;
  scopes: readonly string[];
  asset: string;
  units: Sums;
  /** In micro-dollars. */
  worth: Sums;
  isWorthKnown: boolean;
};

const NO_SCOPES: readonly string[] = [];
const noSums = (): Sums => ({ spent: 0n, reserved: 0n, largest: 0n });

function addTo(sums: Sums, field: "spent" | "reserved", amount: bigint): void {
  sums[field] += amount;
  if (amount > sums.largest) sums.largest = amount;
}

/** Sorts the spending of a batch into classes. */
export function createSpendingClasses() {
  const classes: SpendingClass[] = [];
  const numbers = new Map<string, number>();

  /** Adds a transfer or a reservation to its class and answers the class's number, from 1. */
  function add(field: "spent" | "reserved", row: LedgerRow): number {
    const { account = "", scopes = NO_SCOPES, asset = "", amount = 0n } = row;
    // Joined by what no scope contains, so that no two lists have one name.
    const name = scopes.length === 0 ? account : [account, ...scopes].join("\0");
    let number = numbers.get(name);
    if (number === undefined) {
      number = classes.push({ account, scopes, asset, units: noSums(), worth: noSums(), isWorthKnown: true });
      numbers.set(name, number);
    }
    const kind = classes[number - 1];
    if (!kind) throw new Error("A class of spending is missing");
    addTo(kind.units, field, amount);
    if (asset !== "USD") {
      if (row.value === undefined) kind.isWorthKnown = false;
      else addTo(kind.worth, field, row.value);
    }
    return number;
  }

  /** The columns of `ledger_post_set` from `k_asset` on. */
  function columns(): string[] {
    const column = (read: (kind: SpendingClass) => bigint | number | boolean | undefined) =>
      arrayLiteral(classes.map(read));
    const isAllDollars = classes.every(({ asset }) => asset === "USD");
    const worthOf = ({ asset, units, worth }: SpendingClass) => (asset === "USD" ? units : worth);
    const worth = (field: keyof Sums) => (isAllDollars ? "{}" : column((kind) => worthOf(kind)[field]));
    const scopes = classes.flatMap(({ account, scopes: further }, index) =>
      [...new Set([account, ...further])].map((scope) => ({ scope, number: index + 1 })),
    );
    return [
      column(({ asset }) => assetNumber(asset)),
      column(({ units }) => units.spent),
      column(({ units }) => units.reserved),
      column(({ units }) => units.largest),
      worth("spent"),
      worth("reserved"),
      worth("largest"),
      isAllDollars ? "{}" : column(({ isWorthKnown }) => isWorthKnown),
      arrayLiteral(scopes.map(({ number }) => number)),
      arrayLiteral(scopes.map(({ scope }) => scope)),
    ];
  }

  /** Whether no sum leaves 64 bits. */
  const fits = (): boolean => classes.every(({ worth }) => worth.spent + worth.reserved <= LEDGER_UNITS_MAX);

  return { add, columns, fits };
}
