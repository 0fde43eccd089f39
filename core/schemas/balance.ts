import { z } from "zod";
import { wireAmount } from "./account.ts";
import { pageOf } from "./page.ts";

/** What a person has here: everything, what is set aside for something under way, and what can be spent now. */
export const balanceOutput = z.object({
  object: z.literal("balance"),
  posted: wireAmount,
  reserved: wireAmount,
  available: wireAmount,
});
export type BalanceView = z.infer<typeof balanceOutput>;

export const statementEntryOutput = z.object({
  object: z.literal("posting"),
  id: z.string(),
  /** Positive when money came in. */
  amount: wireAmount,
  /** The posted balance after this entry. */
  balance: wireAmount,
  kind: z.string(),
  counterparty: z.string(),
  refId: z.string().nullable(),
  memo: z.string().nullable(),
  createdAt: z.iso.datetime(),
});
export const statementOutput = pageOf(statementEntryOutput).extend({
  /** Behind the last page: until when older entries lie in an archive, and are not listed any more. */
  archivedUntil: z.iso.datetime().nullable(),
});
export type StatementEntryView = z.infer<typeof statementEntryOutput>;
