import { z } from "zod";
import { wireAmount } from "./account.ts";

/** What a person has here: everything, what is set aside for something under way, and what can be spent now. */
export const balanceOutput = z.object({
  object: z.literal("balance"),
  posted: wireAmount,
  reserved: wireAmount,
  available: wireAmount,
});
export type BalanceView = z.infer<typeof balanceOutput>;
