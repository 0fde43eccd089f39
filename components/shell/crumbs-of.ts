import type { Crumb } from "../ui/breadcrumbs.tsx";

const LABELS: Record<string, string> = {
  overview: "Overview",
  compute: "Compute",
  agents: "Agents",
  proofs: "Proofs",
  rewards: "Rewards",
  balance: "Balance",
  developers: "Developers",
  settings: "Settings",
  admin: "Admin",
  adjustments: "Adjustments",
  reconciliation: "Reconciliation",
  templates: "Templates",
  ledger: "Ledger",
  models: "Models",
  nodes: "Nodes",
  requests: "Requests",
  approvals: "Approvals",
  addresses: "Addresses",
  new: "New",
};

/** What stands on the page above it and has none of its own. */
const PARTS = new Set(["strategies", "actions"]);

/** Breadcrumbs from an address: known words by their name, ids by their ends. */
export function crumbsOf(pathname: string): Crumb[] {
  const segments = pathname.split("/").filter((segment) => segment !== "");
  return segments.flatMap((segment, index) => {
    if (PARTS.has(segment)) return [];
    const label = LABELS[segment] ?? (segment.length > 16 ? `${segment.slice(0, 8)}…${segment.slice(-4)}` : segment);
    return [{ label, href: `/${segments.slice(0, index + 1).join("/")}` }];
  });
}
