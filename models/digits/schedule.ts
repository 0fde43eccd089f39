import type { DigitsModelName } from "../../server/proofs/digits-model.ts";

export const SEED = 20261125;
export const TRAIN_COUNT = 24_000;
/** Images that are kept in the repository. */
export const VALIDATION_COUNT = 1_000;
export const CALIBRATION_COUNT = 250;
/** Images that are drawn anew, for figures that a single image does not move. */
export const TEST_COUNT = 10_000;

export const SCHEDULES: Record<DigitsModelName, { epochs: number; rate: number }> = {
  "784-16-10": { epochs: 30, rate: 0.002 },
  "784-64-10": { epochs: 25, rate: 0.002 },
  lenet: { epochs: 5, rate: 0.002 },
};
