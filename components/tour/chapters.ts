import type { PillarText } from "../site/pillars.ts";

export type Chapter = {
  name: string;
  pillar: PillarText["key"];
  pillarName: string;
  mark: string;
  text: string;
  steps: readonly string[];
  /** The one figure of the chapter: what a receipt says, and of which step. */
  figure: { step: string; key: string; label: string };
};

/** The walk in five chapters: it begins and ends with the rewards, and passes the other pillars in between. */
export const CHAPTERS: readonly Chapter[] = [
  {
    name: "Earn",
    pillar: "rewards",
    pillarName: "Rewards",
    mark: "bg-rewards",
    text: "text-rewards",
    steps: ["sign-in", "earn", "balance"],
    figure: { step: "earn", key: "credited", label: "earned" },
  },
  {
    name: "Spend",
    pillar: "compute",
    pillarName: "Compute",
    mark: "bg-compute",
    text: "text-compute",
    steps: ["spend"],
    figure: { step: "spend", key: "charged", label: "spent" },
  },
  {
    name: "Delegate",
    pillar: "agents",
    pillarName: "Agents",
    mark: "bg-agents",
    text: "text-agents",
    steps: ["create-agent", "fund-agent", "agent-pays", "signer-refuses", "contract-refuses"],
    figure: { step: "fund-agent", key: "amount", label: "entrusted" },
  },
  {
    name: "Prove",
    pillar: "proofs",
    pillarName: "Proofs",
    mark: "bg-proofs",
    text: "text-proofs",
    steps: ["prove", "gated"],
    figure: { step: "gated", key: "amount", label: "opened" },
  },
  {
    name: "Cash out",
    pillar: "rewards",
    pillarName: "Rewards",
    mark: "bg-rewards",
    text: "text-rewards",
    steps: ["settle", "claim"],
    figure: { step: "claim", key: "amount", label: "arrived" },
  },
];

const BY_STEP: ReadonlyMap<string, Chapter> = new Map(
  CHAPTERS.flatMap((chapter) => chapter.steps.map((step) => [step, chapter] as const)),
);

export function chapterOf(step: string): Chapter {
  const chapter = BY_STEP.get(step);
  if (!chapter) throw new RangeError(`No chapter has the step ${step}`);
  return chapter;
}
