import { type FeedEvent, featuresOf } from "#core/zk/event-features.ts";
import { type QuantisedMlp, scoreMlp } from "#core/zk/mlp.ts";
import { readShippedWeights } from "./trained-model.ts";

let weights: QuantisedMlp | undefined;

/** How much a window of events looks like a person, 0 to 255 with 128 for even odds: the number a proof would show. */
export function scoreEvents(window: readonly FeedEvent[]): number {
  weights ??= readShippedWeights("event-scorer");
  return scoreMlp(weights, featuresOf(window));
}
