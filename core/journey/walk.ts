import { JourneyError } from "./client.ts";
import type { JourneyPorts, Receipt, StepResult } from "./ports.ts";

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

export function recall(state: JourneyState, key: string): string {
  const value = state.get(key);
  if (value === undefined) throw new JourneyError("STEP_MISSING", `An earlier step did not leave ${key} behind.`);
  return value;
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
    return { name: step.name, title: step.title, ok: false, ms: ms(), receipt: {}, error: message };
  }
}
