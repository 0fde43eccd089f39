import type { PolicyPreview } from "#core/schemas/policy-version.ts";
import { Badge } from "../ui/badge.tsx";
import { Time } from "../ui/time.tsx";

const WORDS: Record<PolicyPreview["changes"][number]["what"], string> = {
  cap: "Cap",
  rule: "Rule",
  window: "Window",
  gas: "Gas",
  guards: "Guards",
  start: "Start",
  end: "End",
};

/** What would change, as a reviewer reads it: what goes, and what comes. */
export function Changes({ changes }: Pick<PolicyPreview, "changes">) {
  if (changes.length === 0) return <p className="text-ink-3 text-sm">Nothing differs from the policy of now.</p>;
  return (
    <ul className="divide-y divide-line border-line border-y">
      {changes.map(({ what, before, after }) => (
        <li key={`${what}${before ?? ""}${after ?? ""}`} className="flex flex-col gap-0.5 py-2 text-xs">
          <span className="font-medium text-sm">{WORDS[what]}</span>
          {before !== null && (
            <span className="break-all font-mono text-ink-3">
              <span aria-hidden>− </span>
              <span className="sr-only">before: </span>
              {before}
            </span>
          )}
          {after !== null && (
            <span className="break-all font-mono">
              <span aria-hidden>+ </span>
              <span className="sr-only">after: </span>
              {after}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

/** The last thirty days under the new policy: only what would have come out otherwise. */
function DryRun({ dryRun }: Pick<PolicyPreview, "dryRun">) {
  const { tried, days, changes, stillAllowed, stillDenied } = dryRun;
  return (
    <div className="flex flex-col gap-2">
      <h3 className="font-medium text-sm">The last {days} days under it</h3>
      <p className="text-ink-2 text-sm">
        {tried === 0
          ? "The agent did nothing that could be tried out."
          : `Of ${tried} actions ${stillAllowed} would be allowed as they were, ${stillDenied} denied as they were, and ${changes.length} would come out otherwise.`}
      </p>
      <ul className="flex flex-col gap-1">
        {changes.slice(0, 20).map((change) => (
          <li key={change.id} className="flex flex-wrap items-baseline gap-x-2 text-xs">
            <Badge tone={change.wasDone ? "bad" : "ok"}>{change.wasDone ? "Now denied" : "Now allowed"}</Badge>
            <Time iso={change.at} className="text-ink-3" />
            {change.rule !== null && (
              <span className="text-ink-2">
                {change.rule}: {change.value}
              </span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

export function PolicyChanges({ preview }: { preview: PolicyPreview }) {
  return (
    <div className="flex flex-col gap-4">
      <p className="text-sm">
        <Badge tone={preview.isNarrower ? "ok" : "warn"}>{preview.isNarrower ? "Narrower" : "Wider"}</Badge>{" "}
        {preview.isNarrower
          ? "It holds at the signer at once. The chain follows when you sign."
          : "It can be signed when its waiting time is over, and holds when the chain has it."}
      </p>
      <Changes changes={preview.changes} />
      <DryRun dryRun={preview.dryRun} />
    </div>
  );
}
