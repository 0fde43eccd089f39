export type PillarText = {
  key: "compute" | "agents" | "proofs" | "rewards";
  name: string;
  line: string;
  href: string;
  mark: string;
  stroke: string;
};

/** The four pillars in one sentence each; the order is the order of the strands in the mark. */
export const PILLAR_TEXTS: readonly PillarText[] = [
  {
    key: "compute",
    name: "Compute",
    line: "Rent models on other people's machines, billed by the token that arrived.",
    href: "/compute",
    mark: "bg-compute",
    stroke: "var(--compute)",
  },
  {
    key: "agents",
    name: "Agents",
    line: "Give an AI a wallet with limits it cannot talk its way around.",
    href: "/agents",
    mark: "bg-agents",
    stroke: "var(--agents)",
  },
  {
    key: "proofs",
    name: "Proofs",
    line: "Prove what a private model answered, without showing the model.",
    href: "/proofs",
    mark: "bg-proofs",
    stroke: "var(--proofs)",
  },
  {
    key: "rewards",
    name: "Rewards",
    line: "Pay people for their attention as they give it, cashed out in one tap.",
    href: "/rewards",
    mark: "bg-rewards",
    stroke: "var(--rewards)",
  },
];
