import { JourneyError } from "./client.ts";
import type { JourneyPorts, Problem, Receipt, StepResult } from "./ports.ts";

/** What earlier steps leave for later ones. */
export type JourneyState = Map<string, string>;

export type JourneyStep = {
  name: string;
  /** What happens, in the words of the person walking. */
  title: string;
  /** What happens behind it, in the words of whoever builds on it. */
  behind: string;
  run(ports: JourneyPorts, state: JourneyState): Promise<Receipt>;
};

/** A step to be told about rather than run. */
export type StepOutline = Pick<JourneyStep, "name" | "title" | "behind">;

export function recall(state: JourneyState, key: string): string {
  const value = state.get(key);
  if (value === undefined) throw new JourneyError("STEP_MISSING", `An earlier step did not leave ${key} behind.`);
  return value;
}

/**
 * Starts something once and remembers its id, so that a step that is tried again goes on with what it had started.
 * Whoever learns that it failed for good deletes the key.
 */
export async function once(state: JourneyState, key: string, start: () => Promise<{ id: string }>): Promise<string> {
  const known = state.get(key);
  if (known !== undefined) return known;
  const { id } = await start();
  state.set(key, id);
  return id;
}

/** Runs one step and reports it; a failure is a result, not an exception. */
export async function runStep(step: JourneyStep, ports: JourneyPorts, state: JourneyState): Promise<StepResult> {
  const startedAt = performance.now();
  const ms = () => Math.round(performance.now() - startedAt);
  try {
    const receipt = await step.run(ports, state);
    return { name: step.name, title: step.title, ok: true, ms: ms(), receipt };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      name: step.name,
      title: step.title,
      ok: false,
      ms: ms(),
      receipt: {},
      error: message,
      problem: problemOf(error),
    };
  }
}

function problemOf(error: unknown): Problem {
  if (!(error instanceof JourneyError)) return { code: "UNEXPECTED", message: "An answer was not as documented." };
  const { code, sentence, requestId } = error;
  return { code, message: sentence, ...(requestId === undefined ? {} : { requestId }) };
}
