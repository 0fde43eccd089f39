import { z } from "zod";
import { toWire, usd } from "#core/money.ts";
import { balanceOutput, statementOutput } from "#core/schemas/balance.ts";
import { pageInput } from "#core/schemas/page.ts";
import { balanceProofOutput } from "#core/schemas/solvency.ts";
import type { Actor } from "#server/identity/actor.ts";
import { agentAccount, userAccount } from "#server/ledger/account-codes.ts";
import { statementArchivedUntil } from "#server/ledger/archive/archived-transfers.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { listStatement } from "#server/ledger/list-statement.ts";
import { getBalanceProof } from "#server/solvency/get-balance-proof.ts";
import { router, scoped } from "../trpc.ts";

const tags = ["Balance"];

/** Whose money a caller sees: an agent's key sees the agent's, never its owner's. */
const accountOf = (actor: Actor) => (actor.agentId ? agentAccount(actor.agentId) : userAccount(actor.userId));

export const balanceRouter = router({
  get: scoped("balance:read")
    .meta({ openapi: { method: "GET", path: "/balance", tags, summary: "What you have and can spend", protect: true } })
    .input(z.void())
    .output(balanceOutput)
    .query(async ({ ctx }) => {
      const { posted, reserved, available } = await getBalance(accountOf(ctx.actor));
      return {
        object: "balance" as const,
        posted: toWire(usd(posted)),
        reserved: toWire(usd(reserved)),
        available: toWire(usd(available)),
      };
    }),

  getProof: scoped("balance:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/balance/proof",
        tags,
        summary: "The proof that your balance is in the last root at the Vault",
        protect: true,
      },
    })
    .input(z.void())
    .output(balanceProofOutput)
    .query(({ ctx }) => getBalanceProof(ctx.actor)),

  listStatement: scoped("balance:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/balance/statement",
        tags,
        summary: "Every posting, newest first",
        protect: true,
      },
    })
    .input(pageInput)
    .output(statementOutput)
    .query(async ({ ctx, input }) => {
      const { data, nextCursor } = await listStatement(accountOf(ctx.actor), input);
      return {
        data: data.map(({ transferId, amount, balance, createdAt, ...entry }) => ({
          object: "posting" as const,
          ...entry,
          id: transferId,
          amount: toWire(usd(amount)),
          balance: toWire(usd(balance)),
          createdAt: createdAt.toISOString(),
        })),
        hasMore: nextCursor !== null,
        nextCursor,
        archivedUntil: nextCursor === null ? await statementArchivedUntil(accountOf(ctx.actor)) : null,
      };
    }),
});
