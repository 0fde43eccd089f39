import { newId } from "#core/ids.ts";
import { chatOrder } from "#core/inference-order.ts";
import { chatRequest } from "#core/schemas/chat.ts";
import type { Actor } from "#server/identity/actor.ts";
import { type OpenInference, openInference } from "../open-inference.ts";
import { planInference } from "../plan-inference.ts";
import { TIMING } from "../timing.ts";

/** Opens a chat completion as a door does, and lets no node hear of it. */
export async function openChat(actor: Actor, body: object): Promise<OpenInference> {
  const order = chatOrder(chatRequest.parse(body));
  const plan = await planInference(actor, order);
  const id = newId("inference");
  const opened = await openInference({ actor, order, plan, request: null, timing: TIMING, id, early: null });
  await opened.recorded;
  return opened;
}
