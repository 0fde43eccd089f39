import { z } from "zod";
import {
  getProofInput,
  getRecordedProofInput,
  listModelsOutput,
  listProofsInput,
  listProofsOutput,
  proofOutput,
  requestProofInput,
  verifyProofInput,
  verifyProofOutput,
} from "#core/schemas/proof.ts";
import { getProof, getRecordedProof } from "#server/proofs/get-proof.ts";
import { listModels } from "#server/proofs/list-models.ts";
import { listProofs } from "#server/proofs/list-proofs.ts";
import { requestProof } from "#server/proofs/request-proof.ts";
import { verifyProof } from "#server/proofs/verify-proof.ts";
import { publicProcedure, router, scoped } from "../trpc.ts";

const tags = ["Proofs"];

export const proofRouter = router({
  models: publicProcedure
    .meta({
      openapi: { method: "GET", path: "/proving-models", tags, summary: "List models whose outputs are proved" },
    })
    .input(z.void())
    .output(listModelsOutput)
    .query(() => listModels()),

  request: scoped("proofs:write")
    .meta({
      openapi: { method: "POST", path: "/proofs", tags, summary: "Order the proof of one output", protect: true },
    })
    .input(requestProofInput)
    .output(proofOutput)
    .mutation(({ ctx, input }) => requestProof(ctx.actor, input, ctx.idempotencyKey)),

  list: scoped("proofs:write")
    .meta({ openapi: { method: "GET", path: "/proofs", tags, summary: "List your proofs", protect: true } })
    .input(listProofsInput)
    .output(listProofsOutput)
    .query(({ ctx, input }) => listProofs(ctx.actor, input)),

  get: scoped("proofs:write")
    .meta({ openapi: { method: "GET", path: "/proofs/{id}", tags, summary: "Read one proof", protect: true } })
    .input(getProofInput)
    .output(proofOutput)
    .query(({ ctx, input }) => getProof(ctx.actor, input)),

  recorded: publicProcedure
    .meta({
      openapi: { method: "GET", path: "/inferences/{inferenceId}", tags, summary: "Read a proof that is on the chain" },
    })
    .input(getRecordedProofInput)
    .output(proofOutput)
    .query(({ input }) => getRecordedProof(input)),

  verify: publicProcedure
    .meta({ openapi: { method: "POST", path: "/proofs/verify", tags, summary: "Check a proof by its contract" } })
    .input(verifyProofInput)
    .output(verifyProofOutput)
    .mutation(({ input }) => verifyProof(input)),
});
