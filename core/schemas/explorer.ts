import { z } from "zod";
import { idPattern } from "../ids.ts";
import { pageInput, pageOf } from "./page.ts";

const isoTime = z.iso.datetime();
/** Explorers show every asset of the ledger, not dollars alone. */
const amount = z.object({ asset: z.string(), units: z.string() });
const count = z.number().int().nonnegative();
export const ledgerAccountCode = z.string().regex(/^[a-z]+:[0-9A-Za-z_:.-]{1,200}$/, "The code of a ledger account.");
const transferId = z.string().regex(/^txf_\d{1,18}$/, "txf_ and a number.");
const batchId = z.string().regex(/^bat_\d{1,18}$/, "bat_ and a number.");

export const ledgerSearchInput = z.strictObject({ query: z.string().trim().min(1).max(300) });
export const ledgerMatch = z.object({
  kind: z.enum(["account", "transfer", "reservation", "batch", "adjustment"]),
  /** The account's code, or the id. */
  id: z.string(),
  label: z.string(),
});
export const ledgerSearchOutput = z.object({ data: z.array(ledgerMatch) });
export type LedgerMatch = z.infer<typeof ledgerMatch>;

export const ledgerAccountsInput = pageInput.extend({
  /** What the code begins with. */
  prefix: z.string().trim().max(200).optional(),
  /** A person's id: their account and their agents'. */
  ownerId: z.string().max(80).optional(),
  cursor: z.string().min(1).max(250).optional(),
});
const balances = { posted: amount, reserved: amount, available: amount };
const accountRow = z.object({ code: z.string(), ownerId: z.string().nullable(), shardCount: count, ...balances });
export const ledgerAccountsOutput = pageOf(accountRow);

export const ledgerAccountInput = z.strictObject({ code: ledgerAccountCode });
export const ledgerAccountOutput = accountRow.extend({
  mayOverdraw: z.boolean(),
  createdAt: isoTime,
  batchId: z.string().nullable(),
  shards: z.array(z.object({ code: z.string(), posted: amount, reserved: amount })),
  caps: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(["window", "lifetime", "transaction"]),
      asset: z.string().nullable(),
      amount: z.string(),
      reserved: z.string(),
      spent: z.string(),
      left: z.string(),
      windowMs: z.number().int().nullable(),
    }),
  ),
});
export type LedgerAccountView = z.infer<typeof ledgerAccountOutput>;

export const ledgerTransferRow = z.object({
  id: z.string(),
  debit: z.string(),
  credit: z.string(),
  amount,
  kind: z.string(),
  refId: z.string().nullable(),
  memo: z.string().nullable(),
  batchId: z.string(),
  createdAt: isoTime,
});
export type LedgerTransferRow = z.infer<typeof ledgerTransferRow>;
export const accountTransfersInput = pageInput.extend({ code: ledgerAccountCode });
export const ledgerTransfersOutput = pageOf(ledgerTransferRow);

const reservationRow = z.object({
  id: z.string(),
  account: z.string(),
  amount,
  status: z.enum(["open", "captured", "released", "expired"]),
  purpose: z.string(),
  refId: z.string().nullable(),
  expiresAt: isoTime,
  createdAt: isoTime,
});
export type LedgerReservationRow = z.infer<typeof reservationRow>;
export const ledgerReservationsOutput = pageOf(reservationRow);

const batchLink = z.object({ id: z.string(), link: z.string().nullable(), hash: z.string().nullable() });
export const ledgerTransferInput = z.strictObject({ id: transferId });
export const ledgerTransferOutput = ledgerTransferRow.extend({
  /** The caller's key; null for a part of a capture, whose key is its reservation's. */
  key: z.string().nullable(),
  reservationId: z.string().nullable(),
  batch: batchLink,
});

export const ledgerReservationInput = z.strictObject({ id: z.string().regex(idPattern("reservation")) });
export const ledgerReservationOutput = reservationRow.extend({
  key: z.string(),
  captured: amount,
  released: amount,
  scopes: z.array(z.string()),
  closedKey: z.string().nullable(),
  closedAt: isoTime.nullable(),
  batchId: z.string().nullable(),
  closedBatchId: z.string().nullable(),
  transfers: z.array(ledgerTransferRow),
});

export const ledgerBatchInput = z.strictObject({ id: batchId });
export const ledgerBatchOutput = z.object({
  id: z.string(),
  postedAt: isoTime,
  /** Its place in the hash chain; null until it is sealed. */
  link: z.string().nullable(),
  digest: z.string().nullable(),
  hash: z.string().nullable(),
  previous: batchLink.nullable(),
  next: batchLink.nullable(),
  /** The first solvency root at the Vault that holds it. */
  epoch: z.object({ number: z.string(), root: z.string(), anchoredAt: isoTime.nullable() }).nullable(),
  accounts: z.array(z.string()),
  opened: z.array(reservationRow),
  closed: z.array(reservationRow),
  capChanges: z.array(z.object({ capId: z.string(), amount: z.string().nullable(), actor: z.string() })),
  /** Whether the lists above are longer than what is shown. */
  isCut: z.boolean(),
});
export const batchTransfersInput = pageInput.extend({ id: batchId });
