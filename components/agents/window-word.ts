const UNITS: readonly (readonly [seconds: number, one: string, many: string])[] = [
  [86_400, "day", "days"],
  [3_600, "hour", "hours"],
  [60, "minute", "minutes"],
];

/** A stretch of time in its largest whole unit: "hour", "7 days", "90 minutes". */
export function spanWord(seconds: number): string {
  for (const [size, one, many] of UNITS) {
    if (seconds % size === 0) return seconds === size ? one : `${seconds / size} ${many}`;
  }
  return `${seconds} seconds`;
}

/** A rolling window as people say it: "any day", "any 7 days". */
export const windowWord = (seconds: number): string => `any ${spanWord(seconds)}`;
