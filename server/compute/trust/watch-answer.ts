import type { InferenceOrder } from "#core/inference-order.ts";
import { log } from "#server/log.ts";
import type { AttemptInput } from "../attempt.ts";
import type { Delivery } from "../deliver-answer.ts";
import type { OpenInference } from "../open-inference.ts";
import { noticeRelay } from "./notice-relay.ts";
import { replay } from "./replay.ts";

/** A request that has one right answer, whoever gives it, and whose caller named nobody to give it. */
const isRepeatable = ({ order, delivery }: Answered): boolean =>
  order.temperature === 0 &&
  order.question.kind !== "embedding" &&
  (order.question.kind === "completion" || (order.question.tools.length === 0 && order.question.format === null)) &&
  order.stops.length === 0 &&
  !order.routing.node &&
  !order.routing.attested_only &&
  delivery.segments.length === 1;

export type Answered = {
  order: InferenceOrder;
  open: OpenInference;
  delivery: Delivery;
  /** What the node was given, with an empty beginning. */
  work: AttemptInput["work"];
  isWhole: boolean;
};

/** What an answer that has left says about the nodes. Nobody waits for it, and nothing depends on it. */
export function watchAnswer(answered: Answered): void {
  const { order, open, delivery, work, isWhole } = answered;
  const lost = (error: unknown) => log.warn({ event: "answer.unwatched", inferenceId: open.id, err: error });
  noticeRelay(order.question, open.id).catch(lost);
  const node = open.candidates.find(({ nodeId }) => nodeId === delivery.segments[0]?.nodeId);
  if (!isWhole || !node || !isRepeatable(answered)) return;
  replay({ model: open.model, work, node, text: delivery.text, others: open.candidates }).catch(lost);
}
