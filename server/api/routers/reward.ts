import { z } from "zod";
import { preparedOperationOutput } from "#core/schemas/account.ts";
import { pageInput } from "#core/schemas/page.ts";
import {
  batchesOutput,
  campaignsOutput,
  cashOutIdInput,
  cashOutInput,
  cashOutOutput,
  cashOutsOutput,
  claimsOutput,
  deviceId,
  deviceOutput,
  earningsOutput,
  epochsInput,
  epochsOutput,
  registerDeviceInput,
} from "#core/schemas/reward.ts";
import { getEarnings } from "#server/rewards/get-earnings.ts";
import { listBatches } from "#server/rewards/list-batches.ts";
import { listCampaigns } from "#server/rewards/list-campaigns.ts";
import { getCashOut, listCashOuts } from "#server/rewards/list-cash-outs.ts";
import { listClaims } from "#server/rewards/list-claims.ts";
import { listEpochs } from "#server/rewards/list-epochs.ts";
import { prepareClaim } from "#server/rewards/prepare-claim.ts";
import { getDevice, registerDevice } from "#server/rewards/register-device.ts";
import { requestCashOut } from "#server/rewards/request-cash-out.ts";
import { publicProcedure, router, scoped, userProcedure } from "../trpc.ts";

const tags = ["Rewards"];

export const rewardRouter = router({
  listCampaigns: publicProcedure
    .meta({
      openapi: { method: "GET", path: "/rewards/campaigns", tags, summary: "Campaigns, what they pay, what is left" },
    })
    .input(z.void())
    .output(campaignsOutput)
    .query(() => listCampaigns()),

  registerDevice: scoped("rewards:write")
    .meta({
      openapi: { method: "POST", path: "/devices", tags, summary: "Register a device's signing key", protect: true },
    })
    .input(registerDeviceInput)
    .output(deviceOutput)
    .mutation(({ ctx, input }) => registerDevice(ctx.actor, input)),

  getDevice: scoped("rewards:write")
    .meta({
      openapi: {
        method: "GET",
        path: "/devices/{id}",
        tags,
        summary: "A device and where its batches left off",
        protect: true,
      },
    })
    .input(z.strictObject({ id: deviceId }))
    .output(deviceOutput)
    .query(({ ctx, input }) => getDevice(ctx.actor, input)),

  getEarnings: scoped("rewards:write")
    .meta({
      openapi: {
        method: "GET",
        path: "/rewards/earnings",
        tags,
        summary: "What you earned, today and ever",
        protect: true,
      },
    })
    .input(z.void())
    .output(earningsOutput)
    .query(({ ctx }) => getEarnings(ctx.actor)),

  listBatches: scoped("rewards:write")
    .meta({
      openapi: {
        method: "GET",
        path: "/rewards/batches",
        tags,
        summary: "Your event batches and what each was paid",
        protect: true,
      },
    })
    .input(pageInput)
    .output(batchesOutput)
    .query(({ ctx, input }) => listBatches(ctx.actor, input)),

  listEpochs: publicProcedure
    .meta({
      openapi: { method: "GET", path: "/rewards/epochs", tags, summary: "Settled epochs, their roots and their money" },
    })
    .input(epochsInput)
    .output(epochsOutput)
    .query(({ input }) => listEpochs(input)),

  requestCashOut: scoped("rewards:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/rewards/cash-outs",
        tags,
        summary: "Cash out to your own account",
        protect: true,
      },
    })
    .input(cashOutInput)
    .output(cashOutOutput)
    .mutation(({ ctx, input }) =>
      requestCashOut(ctx.actor, { units: input.units, key: input.key ?? ctx.idempotencyKey ?? undefined }),
    ),

  listCashOuts: scoped("rewards:write")
    .meta({ openapi: { method: "GET", path: "/rewards/cash-outs", tags, summary: "Your cash-outs", protect: true } })
    .input(pageInput)
    .output(cashOutsOutput)
    .query(({ ctx, input }) => listCashOuts(ctx.actor, input)),

  getCashOut: scoped("rewards:write")
    .meta({
      openapi: {
        method: "GET",
        path: "/rewards/cash-outs/{id}",
        tags,
        summary: "One cash-out and how far it is",
        protect: true,
      },
    })
    .input(cashOutIdInput)
    .output(cashOutOutput)
    .query(({ ctx, input }) => getCashOut(ctx.actor, input)),

  listClaims: scoped("rewards:write")
    .meta({
      openapi: {
        method: "GET",
        path: "/rewards/claims",
        tags,
        summary: "What you can collect, with its proof",
        protect: true,
      },
    })
    .input(z.void())
    .output(claimsOutput)
    .query(({ ctx }) => listClaims(ctx.actor)),

  prepareClaim: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/rewards/claims",
        tags,
        summary: "Prepare the collecting of your claims for your signature",
        protect: true,
      },
    })
    .input(z.void())
    .output(preparedOperationOutput)
    .mutation(({ ctx }) => prepareClaim(ctx.actor)),
});
