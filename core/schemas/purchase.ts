import { z } from "zod";
import { idPattern } from "../ids.ts";
import { unitsInput } from "./account.ts";
import { agentId, refusalOutput } from "./agent.ts";
import { pageInput } from "./page.ts";

const isoTime = z.iso.datetime();
export const purchaseId = z.string().regex(idPattern("purchase"));

export const buyInput = z.strictObject({
  id: agentId,
  url: z.url({ protocol: /^https?$/ }).max(2_048),
  method: z.enum(["GET", "POST"]).default("GET"),
  /** Sent as JSON. */
  body: z.string().max(65_536).optional(),
  /** The most that it may cost, in micro-dollars. */
  unitsMax: unitsInput,
});
export type BuyInput = z.output<typeof buyInput>;
export const purchaseInput = z.strictObject({ id: agentId, purchaseId });
export const listPurchasesInput = pageInput.extend({ id: agentId });

export const purchaseOutput = z.object({
  id: z.string(),
  agentId: z.string(),
  url: z.string(),
  method: z.string(),
  /**
   * "authorized": a payment was signed and nobody knows yet whether it was taken; asked again under its key it is the
   * same payment. "not-paid": its time is over and the token says that it was not taken.
   */
  status: z.enum(["asking", "authorized", "paid", "free", "refused", "not-paid"]),
  payTo: z.string().nullable(),
  /** Micro-dollars. */
  amount: z.string().nullable(),
  transactionHash: z.string().nullable(),
  answer: z.object({ status: z.int(), type: z.string().nullable(), text: z.string() }).nullable(),
  refusal: refusalOutput.nullable(),
  createdAt: isoTime,
});
export type PurchaseView = z.infer<typeof purchaseOutput>;
