import { newId } from "#core/ids.ts";
import { currentActor } from "#server/identity/current-actor.ts";
import { appRouter } from "./root.ts";
import { createCallerFactory } from "./trpc.ts";

const createCaller = createCallerFactory(appRouter);

/** The procedures, for a page that is put together on the server: the same rules, without a trip over the network. */
export async function pageCaller() {
  const actor = await currentActor().catch(() => null);
  return createCaller({ actor, requestId: newId("request"), idempotencyKey: null });
}
