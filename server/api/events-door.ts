import { DomainError } from "#core/errors.ts";
import { BATCH_BYTES_MAX } from "#core/event-batch.ts";
import { signedEventBatch } from "#core/schemas/reward.ts";
import { assertScope } from "#server/identity/assert-scope.ts";
import { ingestBatch } from "#server/rewards/ingest-batch.ts";
import { openDoor } from "./door.ts";
import { readJson } from "./request-body.ts";

/**
 * The door that event batches come through. It stands beside the procedures because it is by far the busiest and a
 * batch is idempotent by itself: its sequence number is its key.
 */
export function handleEvents(request: Request): Promise<Response> {
  return openDoor(request, { name: "events" }, async ({ actor }) => {
    if (!actor) throw new DomainError("UNAUTHENTICATED");
    assertScope(actor, "rewards:write");
    const batch = signedEventBatch.parse(await readJson(request, BATCH_BYTES_MAX));
    return Response.json(await ingestBatch(actor, batch));
  });
}
