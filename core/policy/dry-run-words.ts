import type { PolicyPreview } from "../schemas/policy-version.ts";

type DryRun = PolicyPreview["dryRun"];
type Outcome = DryRun["changes"][number]["would"];

const WHYS: Record<DryRun["untried"]["guards"][number]["why"], string> = {
  "price-not-noted": "no price was noted then",
  "trial-not-noted": "what a trial came to is not kept",
  "payment-not-noted": "what was to be paid was not written down",
};

/** What was not written down, and for how many: guards that want the same are short of it together. */
function untriedWords({ actions, guards }: DryRun["untried"], total: number): string[] {
  if (actions === 0) return [];
  const counts = new Map<keyof typeof WHYS, number>();
  for (const { why, actions: count } of guards) counts.set(why, Math.max(count, counts.get(why) ?? 0));
  const whys = [...counts].map(([why, count]) => (count === actions ? WHYS[why] : `of ${count} ${WHYS[why]}`));
  return [`${actions} of ${total} could not be tried: ${whys.join(", and ")}.`];
}

/** How the past would have come out under another policy, a sentence each. */
export function dryRunWords({
  tried,
  stillAllowed,
  stillWaiting,
  stillDenied,
  changes,
  untried,
  leftOut,
}: DryRun): string[] {
  const total = tried + untried.actions;
  if (total === 0) return ["The agent did nothing that could be tried out."];
  const now = (would: Outcome) => changes.filter((change) => change.would === would).length;
  const counts = [
    [stillDenied + now("denied"), "would have been denied"],
    [stillWaiting + now("waits"), "would have waited for approval"],
    [stillAllowed + now("allowed"), "would have been allowed"],
  ] as const;
  const parts = counts.filter(([count]) => count > 0);
  const judged = parts.map(([count, words], index) => `${count}${index === 0 ? ` of ${total}` : ""} ${words}`);
  return [
    ...(judged.length > 0 ? [`${judged.join(", ")}.`] : []),
    ...untriedWords(untried, total),
    ...(leftOut > 0 ? [`${leftOut} older ones were not looked at.`] : []),
  ];
}
