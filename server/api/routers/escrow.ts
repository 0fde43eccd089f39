import { z } from "zod";
import {
  escrowCallsOutput,
  escrowIdInput,
  escrowsOutput,
  openEscrowInput,
  settleEscrowOutput,
  topUpEscrowInput,
  vouchersInput,
  vouchersOutput,
} from "#core/schemas/escrow.ts";
import { listEscrows, listVouchers, planClosing, planOpening, planTopUp } from "#server/compute/escrow/escrows.ts";
import { settleEscrow } from "#server/compute/escrow/settle-escrows.ts";
import { router, scoped } from "../trpc.ts";

const tags = ["Escrow"];

export const escrowRouter = router({
  list: scoped("inference:write")
    .meta({
      openapi: {
        method: "GET",
        path: "/escrows",
        tags,
        summary: "Leases of ComputeEscrow that you pay from or are paid by",
        protect: true,
      },
    })
    .input(z.void())
    .output(escrowsOutput)
    .query(({ ctx }) => listEscrows(ctx.actor)),

  listVouchers: scoped("inference:write")
    .meta({
      openapi: {
        method: "GET",
        path: "/escrows/{id}/vouchers",
        tags,
        summary: "The signed vouchers of an escrow, newest first, with the receipts behind each",
        protect: true,
      },
    })
    .input(vouchersInput)
    .output(vouchersOutput)
    .query(({ ctx, input }) => listVouchers(ctx.actor, input)),

  settle: scoped("compute:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/escrows/{id}/settle",
        tags,
        summary: "Have the newest voucher of an escrow that pays you settled now",
        protect: true,
      },
    })
    .input(escrowIdInput)
    .output(settleEscrowOutput)
    .mutation(({ ctx, input }) => settleEscrow(ctx.actor, input)),

  planOpening: scoped("inference:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/escrows/plan",
        tags,
        summary: "The calls that open an escrow, for your account or wallet to make",
        protect: true,
      },
    })
    .input(openEscrowInput)
    .output(escrowCallsOutput)
    .mutation(({ input }) => planOpening(input)),

  planTopUp: scoped("inference:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/escrows/{id}/top-up/plan",
        tags,
        summary: "The calls that add money to an escrow",
        protect: true,
      },
    })
    .input(topUpEscrowInput)
    .output(escrowCallsOutput)
    .mutation(({ ctx, input }) => planTopUp(ctx.actor, input)),

  planClosing: scoped("inference:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/escrows/{id}/close/plan",
        tags,
        summary: "The call that ends an escrow",
        protect: true,
      },
    })
    .input(escrowIdInput)
    .output(escrowCallsOutput)
    .mutation(({ ctx, input }) => planClosing(ctx.actor, input)),
});
