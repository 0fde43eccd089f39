import { expect, test } from "vitest";
import type { PolicyPreview } from "../schemas/policy-version.ts";
import { dryRunWords } from "./dry-run-words.ts";

type DryRun = PolicyPreview["dryRun"];
const change = (would: DryRun["changes"][number]["would"]): DryRun["changes"][number] => ({
  id: would,
  kind: "action",
  at: "2026-01-01T00:00:00.000Z",
  wasDone: true,
  waited: false,
  would,
  rule: null,
  value: null,
  fix: null,
});
const of = (change: Partial<DryRun>): DryRun => ({
  days: 30,
  tried: 0,
  stillAllowed: 0,
  stillWaiting: 0,
  stillDenied: 0,
  changes: [],
  untried: { actions: 0, guards: [] },
  leftOut: 0,
  ...change,
});

test("nothing to try is said", () => {
  expect(dryRunWords(of({}))).toEqual(["The agent did nothing that could be tried out."]);
});

test("each outcome is counted with what comes out as before and what does not", () => {
  const words = dryRunWords(
    of({ tried: 36, stillAllowed: 31, stillWaiting: 1, stillDenied: 2, changes: [change("denied"), change("waits")] }),
  );
  expect(words).toEqual([
    "3 of 36 would have been denied, 2 would have waited for approval, 31 would have been allowed.",
  ]);
});

test("what could not be tried says why, once for guards that want the same", () => {
  const guards = [
    { guard: "usd", why: "price-not-noted", actions: 5 },
    { guard: "approvals", why: "price-not-noted", actions: 4 },
  ] as const;
  expect(dryRunWords(of({ tried: 1, stillAllowed: 1, untried: { actions: 5, guards: [...guards] } }))).toEqual([
    "1 of 6 would have been allowed.",
    "5 of 6 could not be tried: no price was noted then.",
  ]);
});

test("and each reason has its number where they differ", () => {
  const guards = [
    { guard: "outcome", why: "trial-not-noted", actions: 4 },
    { guard: "purchases", why: "payment-not-noted", actions: 1 },
  ] as const;
  expect(dryRunWords(of({ untried: { actions: 5, guards: [...guards] }, leftOut: 9 }))).toEqual([
    "5 of 5 could not be tried: of 4 what a trial came to is not kept, and of 1 what was to be paid was not written down.",
    "9 older ones were not looked at.",
  ]);
});
