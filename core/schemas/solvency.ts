import { z } from "zod";
import { balanceProofSchema } from "../solvency.ts";

const units = z.string();

export const solvencyOutput = z.object({
  chainId: z.int(),
  vault: z.string(),
  token: z.string(),
  /** Of the newest epoch: its root is on the chain, on its way there, was refused, or is withheld for want of money. */
  status: z.enum(["none", "built", "anchored", "failed", "underfunded"]),
  data: z.array(
    z.object({
      epoch: units,
      status: z.enum(["built", "anchored", "failed", "underfunded"]),
      root: z.string(),
      liabilities: units,
      reserves: units,
      leafCount: z.int(),
      depositsCounted: units,
      chainHead: z.object({ link: units, hash: z.string() }),
      snapshotAt: z.string(),
      anchoredAt: z.string().nullable(),
      transactionHash: z.string().nullable(),
      blockNumber: units.nullable(),
      error: z.string().nullable(),
    }),
  ),
});
export type SolvencyView = z.output<typeof solvencyOutput>;

export const balanceProofOutput = balanceProofSchema;
