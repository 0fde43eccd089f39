import { newId } from "#core/ids.ts";
import type { Attempt, AttemptInput } from "./attempt.ts";
import { runDirectAttempt } from "./direct/run-direct-attempt.ts";
import { noteAttempt } from "./list-candidates.ts";
import { runPulledAttempt } from "./run-pulled-attempt.ts";

export const newAttemptId = (): string => newId("attempt");

/**
 * Lets one node try: called where it can be reached, else by giving it the work when it next asks. OpenAI's form has no
 * place for the beginning of an answer, so one that goes on where another ended is always fetched.
 */
export function runAttempt(input: AttemptInput): Attempt {
  noteAttempt(input.model, input.candidate.nodeId);
  const isFetched = input.candidate.directUrl === null || input.work.prefix !== "";
  return isFetched ? runPulledAttempt(input) : runDirectAttempt(input);
}

/** An attempt that has begun: its first piece is under way before anybody reads it. */
export function beginAttempt(input: AttemptInput): Attempt {
  const attempt = runAttempt(input);
  let first: ReturnType<Attempt["next"]> | null = attempt.next();
  first.catch(() => undefined);
  return {
    ...attempt,
    next: () => {
      const result = first ?? attempt.next();
      first = null;
      return result;
    },
    return: (value) => attempt.return(value),
    throw: (error) => attempt.throw(error),
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: () => attempt[Symbol.asyncDispose](),
  };
}
