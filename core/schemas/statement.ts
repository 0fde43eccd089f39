import { z } from "zod";
import { idPattern } from "../ids.ts";
import { wireAmount } from "./account.ts";
import { pageInput, pageOf } from "./page.ts";

/** Who may stand on the other side of an entry. */
export const COUNTERPARTIES = ["user", "agent", "campaign", "platform"] as const;
export type CounterpartyKind = (typeof COUNTERPARTIES)[number];

const time = z.iso.datetime({ offset: true });
const units = z.string().regex(/^\d{1,18}$/, "A whole number of base units, as text.");

/** What of a statement somebody wants to see. Everything is text, because it stands in addresses. */
export const statementFilterInput = z.strictObject({
  /** One of your agents' accounts in place of your own. */
  agentId: z.string().regex(idPattern("agent")).optional(),
  /** From this moment on. */
  from: time.optional(),
  /** Before this moment. */
  to: time.optional(),
  /** Kinds of postings, with commas between. */
  kinds: z
    .string()
    .max(400)
    .regex(/^[a-z][a-z0-9._-]{0,39}(,[a-z][a-z0-9._-]{0,39}){0,9}$/, "Kinds of postings, with commas between.")
    .optional(),
  /** Whether money came in or went out. Not "direction": the browser's paging takes that word for its own. */
  flow: z.enum(["in", "out"]).optional(),
  counterparty: z.enum(COUNTERPARTIES).optional(),
  /** Part of a reference or a memo, in capitals or not. */
  text: z.string().trim().min(1).max(100).optional(),
  /** Base units, without a sign. */
  amountMin: units.optional(),
  amountMax: units.optional(),
});
export type StatementFilterInput = z.infer<typeof statementFilterInput>;

export const statementInput = z.strictObject({ ...statementFilterInput.shape, ...pageInput.shape });

export const statementEntryOutput = z.object({
  object: z.literal("posting"),
  id: z.string(),
  /** Positive when money came in. */
  amount: wireAmount,
  /** The posted balance after this entry: the account's, whatever the list leaves out. */
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
