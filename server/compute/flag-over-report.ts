import { newId } from "#core/ids.ts";
import type { ClaimedUsage } from "#core/schemas/node-protocol.ts";
import { db } from "#server/db.ts";
import { log } from "#server/log.ts";
import type { OpenInference } from "./open-inference.ts";
import type { DeliveredSegment } from "./settle-inference.ts";

/** A claim above our count by more than this many hundredths, and by more than a few tokens, is flagged. */
const TOLERANCE_HUNDREDTHS = 5;
const TOLERANCE_TOKENS = 4;

/**
 * Notes a node that says it made more tokens than arrived. Nothing is charged by what a node says; but a node that
 * inflates it would inflate it elsewhere, too.
 *
 * Only a model whose tokenizer the platform has can be judged exactly: bytes are no measure of another tokenizer.
 */
export function flagOverReport(open: OpenInference, segment: DeliveredSegment, claimed: ClaimedUsage): void {
  const ours = segment.completionTokens;
  const excess = claimed.completionTokens - ours;
  if (open.counting === "utf8-bytes/4" && claimed.completionTokens <= Buffer.byteLength(segment.text)) return;
  if (excess <= TOLERANCE_TOKENS || excess * 100 <= ours * TOLERANCE_HUNDREDTHS) return;
  db.computeFlag
    .create({
      data: {
        id: newId("flag"),
        nodeId: segment.nodeId,
        kind: "over-report",
        inferenceId: open.id,
        details: { ours, claimed: claimed.completionTokens, counting: open.counting },
      },
    })
    .catch((error: unknown) => log.warn({ event: "flag.lost", nodeId: segment.nodeId, err: error }));
}
