import type { z } from "zod";
import type { eventsRequest } from "#core/schemas/node-protocol.ts";
import { db } from "#server/db.ts";
import type { NodeIdentity } from "./authenticate-node.ts";
import { deliverEvents } from "./hub.ts";

/**
 * Passes a node's events to whoever waits for them. The answer tells the node to stop when nobody does: the client
 * left, the answer is complete, or the process that waited is gone.
 */
export async function receiveEvents(
  node: NodeIdentity,
  input: z.output<typeof eventsRequest>,
): Promise<{ stop: boolean }> {
  const outcome = deliverEvents(input.gateway, node.nodeId, input.attemptId, input.events);
  if (outcome !== "relayed") return { stop: outcome === "gone" };
  const attempt = await db.inferenceAttempt.findFirst({
    where: { id: input.attemptId, nodeId: node.nodeId },
    select: { status: true },
  });
  return { stop: attempt?.status !== "claimed" };
}
