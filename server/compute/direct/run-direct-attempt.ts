import { randomBytes } from "node:crypto";
import { createChunkReader, openAiRequest, readEmbeddings } from "#core/openai-wire.ts";
import { vectorParts } from "#core/vectors.ts";
import { pool } from "#server/db.ts";
import { log } from "#server/log.ts";
import type { Attempt, AttemptEnd, AttemptInput, AttemptPiece } from "../attempt.ts";
import { noteAttemptEnd } from "../note-attempt.ts";
import { callDirectNode, DirectCallFailed, fetchFromDirectNode } from "./call-direct-node.ts";

/** A token is a few bytes; as an event of a stream, with its frame and probabilities, it stays far below this. */
const BYTES_PER_TOKEN_MAX = 8_192;
const BYTES_BESIDE_TOKENS = 1_048_576;
const newCallId = () => `call_${randomBytes(12).toString("hex")}`;

/** Calls a node that can be reached from outside, and yields the pieces of its answer as they come. */
export async function* runDirectAttempt(input: AttemptInput): Attempt {
  let end: AttemptEnd = { type: "cancelled" };
  const startedAt = performance.now();
  let firstAt = 0;
  try {
    const pieces = input.work.question.kind === "embedding" ? embeddingPieces(input) : streamedPieces(input);
    let step = await pieces.next();
    for (; !step.done; step = await pieces.next()) {
      if (firstAt === 0) firstAt = performance.now();
      yield step.value;
    }
    end = step.value;
    return end;
  } catch (error) {
    end = input.signal.aborted ? { type: "cancelled" } : { type: "lost", reason: reasonOf(error), isFault: true };
    return end;
  } finally {
    // Nobody waits for what is learnt about the node.
    Promise.all([closeAttempt(input, end), noteAttemptEnd(input, end, firstAt > 0 ? firstAt - startedAt : null)]).catch(
      (error: unknown) => log.warn({ event: "attempt.unnoted", attemptId: input.attemptId, err: error }),
    );
  }
}

/** The row of a direct attempt only counts its node's load; one that is written after this is closed with the settlement. */
function closeAttempt({ attemptId }: AttemptInput, end: AttemptEnd): Promise<unknown> {
  const status = end.type === "done" ? "done" : end.type === "lost" ? "failed" : "cancelled";
  const error = end.type === "lost" ? end.reason.slice(0, 300) : null;
  return pool.query("UPDATE inference_attempt SET status = $2, error = $3, ended_at = now() WHERE id = $1", [
    attemptId,
    status,
    error,
  ]);
}

const reasonOf = (error: unknown): string =>
  error instanceof DirectCallFailed
    ? error.message
    : "The node could not be reached, or said what no model server says.";

const nodeOf = ({ candidate }: AttemptInput) => ({
  nodeId: candidate.nodeId,
  directUrl: candidate.directUrl ?? "",
  directKey: candidate.directKey,
});

async function* streamedPieces(input: AttemptInput): AsyncGenerator<AttemptPiece, AttemptEnd> {
  const { work, timing, signal, model, attemptId } = input;
  const reader = createChunkReader(newCallId);
  const { path, body } = openAiRequest(work, model);
  const bytesMax = BYTES_BESIDE_TOKENS + work.maxTokens * BYTES_PER_TOKEN_MAX;
  for await (const data of callDirectNode({ node: nodeOf(input), attemptId, path, body, bytesMax, timing, signal })) {
    if (data === "[DONE]") break;
    yield* reader.read(data);
  }
  if (signal.aborted) return { type: "cancelled" };
  if (!reader.finish) throw new DirectCallFailed("Its stream ended without saying why.");
  return { type: "done", finishReason: reader.finish, usage: reader.usage };
}

async function* embeddingPieces(input: AttemptInput): AsyncGenerator<AttemptPiece, AttemptEnd> {
  const { work, timing, signal, model, attemptId } = input;
  const { path, body } = openAiRequest(work, model);
  const inputs = work.question.kind === "embedding" ? work.question.inputs : [];
  const bytesMax = BYTES_BESIDE_TOKENS + inputs.length * 262_144;
  const answer = await fetchFromDirectNode({ node: nodeOf(input), attemptId, path, body, bytesMax, timing, signal });
  for (const [index, vector] of readEmbeddings(answer, inputs.length).entries()) {
    for (const data of vectorParts(vector)) yield { type: "vector", input: index, data };
  }
  return { type: "done", finishReason: "stop", usage: null };
}
