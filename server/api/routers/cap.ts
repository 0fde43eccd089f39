import { z } from "zod";
import {
  capOutput,
  capRemovedOutput,
  capsOutput,
  changeCapInput,
  createCapInput,
  removeCapInput,
} from "#core/schemas/cap.ts";
import { changeOwnCap, createOwnCap, listOwnCaps, removeOwnCap } from "#server/identity/own-caps.ts";
import { router, scoped, userProcedure } from "../trpc.ts";

const tags = ["Limits"];

/** Limits are seen with a key and changed by a person: a key must not lift its own. */
export const capRouter = router({
  list: scoped("balance:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/caps",
        tags,
        summary: "Your spending limits and what is left of each",
        description:
          "Newest first. A key of an agent sees the limits on that agent and on itself. `frees` is when the oldest of what was spent leaves a rolling window.",
        protect: true,
      },
    })
    .input(z.void())
    .output(capsOutput)
    .query(async ({ ctx }) => ({ data: await listOwnCaps(ctx.actor) })),

  create: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/caps",
        tags,
        summary: "Limit what you, a key or an agent may spend",
        description:
          "Counts at once what was spent inside the window before. The same limit asked for again answers the one there is; another amount for it is 409 CAP_EXISTS. A spending that it leaves no room for is refused with 402 CAP_EXCEEDED, which names the limit, what is left and, in `roomAt` and Retry-After, when there is room.",
        protect: true,
      },
    })
    .input(createCapInput)
    .output(capOutput)
    .mutation(({ ctx, input }) => createOwnCap(ctx.actor, input)),

  change: userProcedure
    .meta({
      openapi: {
        method: "PATCH",
        path: "/caps/{id}",
        tags,
        summary: "Raise or lower a limit",
        description: "What was spent under it still counts.",
        protect: true,
      },
    })
    .input(changeCapInput)
    .output(capOutput)
    .mutation(({ ctx, input }) => changeOwnCap(ctx.actor, input)),

  remove: userProcedure
    .meta({
      openapi: { method: "DELETE", path: "/caps/{id}", tags, summary: "Remove a limit", protect: true },
    })
    .input(removeCapInput)
    .output(capRemovedOutput)
    .mutation(({ ctx, input }) => removeOwnCap(ctx.actor, input)),
});
