import { z } from "zod";
import {
  accountOutput,
  depositReferenceOutput,
  operationId,
  operationOutput,
  preparedOperationOutput,
  prepareOperationInput,
  submitOperationInput,
  withdrawalId,
  withdrawalOutput,
  withdrawInput,
} from "#core/schemas/account.ts";
import { pageInput, pageOf } from "#core/schemas/page.ts";
import {
  addWithdrawalAddressInput,
  depositsOutput,
  removeWithdrawalAddressInput,
  withdrawalAddressesOutput,
  withdrawalAddressOutput,
} from "#core/schemas/withdrawal.ts";
import { cancelWithdrawal } from "#server/wallets/close-withdrawal.ts";
import { getDepositReference } from "#server/wallets/deposit-accounts.ts";
import { getAccount } from "#server/wallets/get-account.ts";
import { listDeposits } from "#server/wallets/list-deposits.ts";
import { requestWithdrawal } from "#server/wallets/request-withdrawal.ts";
import { getOperation, prepareOperation, submitOperation } from "#server/wallets/user-operations.ts";
import {
  addWithdrawalAddress,
  listWithdrawalAddresses,
  removeWithdrawalAddress,
} from "#server/wallets/withdrawal-addresses.ts";
import { getWithdrawal, listWithdrawals } from "#server/wallets/withdrawal-rows.ts";
import { router, scoped, userProcedure } from "../trpc.ts";

const tags = ["Account"];

export const accountRouter = router({
  getAccount: scoped("balance:read")
    .meta({
      openapi: { method: "GET", path: "/account", tags, summary: "Your own account on the chain", protect: true },
    })
    .input(z.void())
    .output(accountOutput)
    .query(({ ctx }) => getAccount(ctx.actor)),

  getDepositReference: scoped("balance:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/account/deposit",
        tags,
        summary: "How to deposit to your balance",
        protect: true,
      },
    })
    .input(z.void())
    .output(depositReferenceOutput)
    .query(({ ctx }) => getDepositReference(ctx.actor)),

  listDeposits: scoped("balance:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/deposits",
        tags,
        summary: "Your last deposits, pending ones too",
        protect: true,
      },
    })
    .input(z.void())
    .output(depositsOutput)
    .query(({ ctx }) => listDeposits(ctx.actor)),

  prepareOperation: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/account/user-operations",
        tags,
        summary: "Prepare calls of your account for your signature",
        protect: true,
      },
    })
    .input(prepareOperationInput)
    .output(preparedOperationOutput)
    .mutation(({ ctx, input }) => prepareOperation(ctx.actor, input)),

  submitOperation: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/account/user-operations/{id}/submit",
        tags,
        summary: "Send a prepared operation with your signature",
        protect: true,
      },
    })
    .input(submitOperationInput)
    .output(operationOutput)
    .mutation(({ ctx, input }) => submitOperation(ctx.actor, input)),

  getOperation: scoped("agents:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/account/user-operations/{id}",
        tags,
        summary: "One operation and how far it is",
        protect: true,
      },
    })
    .input(z.strictObject({ id: operationId }))
    .output(operationOutput)
    .query(({ ctx, input }) => getOperation(ctx.actor, input)),

  requestWithdrawal: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/withdrawals",
        tags,
        summary: "Pay out of your balance to an address",
        protect: true,
      },
    })
    .input(withdrawInput)
    .output(withdrawalOutput)
    .mutation(({ ctx, input }) => requestWithdrawal(ctx.actor, { ...input, key: ctx.idempotencyKey ?? undefined })),

  listWithdrawals: scoped("balance:read")
    .meta({ openapi: { method: "GET", path: "/withdrawals", tags, summary: "Your withdrawals", protect: true } })
    .input(pageInput)
    .output(pageOf(withdrawalOutput))
    .query(({ ctx, input }) => listWithdrawals(ctx.actor, input)),

  getWithdrawal: scoped("balance:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/withdrawals/{id}",
        tags,
        summary: "One withdrawal and how far it is",
        protect: true,
      },
    })
    .input(z.strictObject({ id: withdrawalId }))
    .output(withdrawalOutput)
    .query(({ ctx, input }) => getWithdrawal(ctx.actor, input)),

  cancelWithdrawal: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/withdrawals/{id}/cancel",
        tags,
        summary: "Take a withdrawal back that waits",
        protect: true,
      },
    })
    .input(z.strictObject({ id: withdrawalId }))
    .output(withdrawalOutput)
    .mutation(({ ctx, input }) => cancelWithdrawal(ctx.actor, input)),

  listWithdrawalAddresses: userProcedure
    .meta({
      openapi: { method: "GET", path: "/withdrawal-addresses", tags, summary: "Where you withdraw to", protect: true },
    })
    .input(z.void())
    .output(withdrawalAddressesOutput)
    .query(({ ctx }) => listWithdrawalAddresses(ctx.actor)),

  addWithdrawalAddress: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/withdrawal-addresses",
        tags,
        summary: "Add an address to withdraw to",
        protect: true,
      },
    })
    .input(addWithdrawalAddressInput)
    .output(withdrawalAddressOutput)
    .mutation(({ ctx, input }) => addWithdrawalAddress(ctx.actor, input)),

  removeWithdrawalAddress: userProcedure
    .meta({
      openapi: {
        method: "DELETE",
        path: "/withdrawal-addresses/{address}",
        tags,
        summary: "Remove an address you added",
        protect: true,
      },
    })
    .input(removeWithdrawalAddressInput)
    .output(z.object({ removed: z.literal(true) }))
    .mutation(({ ctx, input }) => removeWithdrawalAddress(ctx.actor, input)),
});
