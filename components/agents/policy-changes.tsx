import { dryRunWords } from "#core/policy/dry-run-words.ts";
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

type Change = PolicyPreview["dryRun"]["changes"][number];

const LISTED_MAX = 20;
const OUTCOMES = {
  denied: { tone: "bad", words: "Now denied" },
  waits: { tone: "warn", words: "Would wait" },
  allowed: { tone: "ok", words: "Now allowed" },
} as const satisfies Record<Change["would"], { tone: string; words: string }>;

function ChangeLine({ change: { would, kind, at, waited, rule, value } }: { change: Change }) {
  const { tone, words } = OUTCOMES[would];
  return (
    <li className="flex flex-wrap items-baseline gap-x-2 text-xs">
      <Badge tone={tone}>{words}</Badge>
      <Time iso={at} className="text-ink-3" />
      {kind === "purchase" && <span className="text-ink-3">Purchase</span>}
      {rule !== null && (
        <span className="break-all text-ink-2">
          {rule}: {value}
        </span>
      )}
      {waited && <span className="text-ink-3">It waited for approval then.</span>}
    </li>
  );
}

/** The last thirty days under the new policy: only what would have come out otherwise, and what nobody can say. */
function DryRun({ dryRun }: Pick<PolicyPreview, "dryRun">) {
  const { days, changes } = dryRun;
  return (
    <div className="flex flex-col gap-2">
      <h3 className="font-medium text-sm">The last {days} days under it</h3>
      {dryRunWords(dryRun).map((words) => (
        <p key={words} className="text-ink-2 text-sm">
          {words}
        </p>
      ))}
      {changes.length > 0 && (
        <>
          <h4 className="text-ink-3 text-xs">These would come out otherwise:</h4>
          <ul className="flex flex-col gap-1">
            {changes.slice(0, LISTED_MAX).map((change) => (
              <ChangeLine key={change.id} change={change} />
            ))}
          </ul>
        </>
      )}
      {changes.length > LISTED_MAX && (
        <p className="text-ink-3 text-xs">And {changes.length - LISTED_MAX} more, by the API.</p>
      )}
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
