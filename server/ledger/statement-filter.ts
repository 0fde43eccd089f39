import type { CounterpartyKind, StatementFilterInput } from "#core/schemas/statement.ts";

/** What of an account's entries somebody wants to see; what is null leaves nothing out. */
export type StatementFilter = {
  from: Date | null;
  to: Date | null;
  kinds: readonly string[] | null;
  flow: "in" | "out" | null;
  counterparty: CounterpartyKind | null;
  text: string | null;
  amountMin: bigint | null;
  amountMax: bigint | null;
};

export const NO_FILTER: StatementFilter = {
  from: null,
  to: null,
  kinds: null,
  flow: null,
  counterparty: null,
  text: null,
  amountMin: null,
  amountMax: null,
};

const units = (text: string | undefined): bigint | null => (text === undefined ? null : BigInt(text));
const moment = (text: string | undefined): Date | null => (text === undefined ? null : new Date(text));

export const readStatementFilter = (input: Omit<StatementFilterInput, "agentId">): StatementFilter => ({
  from: moment(input.from),
  to: moment(input.to),
  kinds: input.kinds?.split(",") ?? null,
  flow: input.flow ?? null,
  counterparty: input.counterparty ?? null,
  text: input.text ?? null,
  amountMin: units(input.amountMin),
  amountMax: units(input.amountMax),
});

/** Whether a filter can leave entries out; without one every entry that is read is shown. */
export const isSelective = (filter: StatementFilter): boolean => Object.values(filter).some((value) => value !== null);
