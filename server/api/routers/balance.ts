import { z } from "zod";
import { toWire, usd } from "#core/money.ts";
import { adjustmentInput, ownAdjustmentOutput } from "#core/schemas/adjustment.ts";
import { balanceOutput } from "#core/schemas/balance.ts";
import { balanceProofOutput } from "#core/schemas/solvency.ts";
import { statementInput, statementOutput } from "#core/schemas/statement.ts";
import { getOwnAdjustment } from "#server/books/get-own-adjustment.ts";
import type { Actor } from "#server/identity/actor.ts";
import { agentAccount, userAccount } from "#server/ledger/account-codes.ts";
import { statementArchivedUntil } from "#server/ledger/archive/archived-transfers.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { listStatement } from "#server/ledger/list-statement.ts";
import { readStatementFilter } from "#server/ledger/statement-filter.ts";
import { getBalanceProof } from "#server/solvency/get-balance-proof.ts";
import { statementAccount } from "#server/wallets/statement-account.ts";
import { viewEntry } from "../statement-door.ts";
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

  getAdjustment: scoped("balance:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/balance/adjustments/{id}",
        tags,
        summary: "An adjustment that moved money of yours: who proposed it, who approved it, and why",
        protect: true,
      },
    })
    .input(adjustmentInput)
    .output(ownAdjustmentOutput)
    .query(({ ctx, input }) => getOwnAdjustment(ctx.actor, input)),

  listStatement: scoped("balance:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/balance/statement",
        tags,
        summary: "Every posting, newest first",
        description:
          "Filters leave entries out; the balance after each entry is the account's own all the same. A page that looked at very many entries may be short and go on at `nextCursor`. Files of all entries: `/balance/statement.csv` and `/balance/statement.json`, with the same filters.",
        protect: true,
      },
    })
    .input(statementInput)
    .output(statementOutput)
    .query(async ({ ctx, input: { agentId, limit, cursor, ...wanted } }) => {
      const account = await statementAccount(ctx.actor, agentId);
      const { data, nextCursor } = await listStatement(account, { limit, cursor, filter: readStatementFilter(wanted) });
      const archivedUntil = nextCursor === null ? await statementArchivedUntil(account) : null;
      return { data: data.map(viewEntry), hasMore: nextCursor !== null, nextCursor, archivedUntil };
    }),
});
