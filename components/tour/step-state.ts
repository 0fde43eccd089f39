import type { StepOutline } from "#core/journey/walk.ts";
import type { TourSnapshot } from "./tour-store.ts";

export type StepState = "waiting" | "running" | "done" | "failed";

export const STATE_WORDS: Record<StepState, string> = {
  waiting: "waiting",
  running: "running",
  done: "done",
  failed: "failed",
};

export function stateOf(tour: TourSnapshot, name: string): StepState {
  if (tour.running?.name === name) return "running";
  const record = tour.records[name];
  if (!record) return "waiting";
  return record.ok ? "done" : "failed";
}

export const formatMs = (ms: number): string => (ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`);

export type Progress = { done: number; of: number; ms: number; isComplete: boolean; failed: string | null };

export function progressOf(steps: readonly StepOutline[], tour: TourSnapshot): Progress {
  const states = steps.map(({ name }) => stateOf(tour, name));
  const done = states.filter((state) => state === "done").length;
  const ms = Object.values(tour.records).reduce((sum, record) => sum + (record.ok ? record.ms : 0), 0);
  const failed = steps[states.indexOf("failed")]?.name ?? null;
  return { done, of: steps.length, ms, isComplete: done === steps.length, failed };
}
