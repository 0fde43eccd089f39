/** Who looks at a page: a demo account, somebody who walked the journey and so has everything, or a stranger. */
export type Viewer = "user" | "provider" | "admin" | "walker" | null;

export type Shot = {
  name: string;
  /** `:agent`, `:proof`, `:inference` and `:receipt` stand for what the walker made. */
  path: string;
  viewer: Viewer;
  /** The accessible name of a button to press before the picture is taken. */
  press?: RegExp;
};

export const SHOTS: readonly Shot[] = [
  { name: "landing", path: "/", viewer: null },
  { name: "sign-in", path: "/sign-in", viewer: null },
  { name: "docs", path: "/docs", viewer: null },
  { name: "docs-api", path: "/docs/api", viewer: null },
  { name: "tour", path: "/tour", viewer: null },
  { name: "not-found", path: "/no-such-page", viewer: null },
  { name: "receipt", path: "/receipt/:receipt", viewer: null },
  { name: "verify", path: "/verify/:inference", viewer: null },
  { name: "verify-balance", path: "/verify/balance", viewer: null },
  { name: "overview-new", path: "/overview", viewer: "user" },
  { name: "agents-new-person", path: "/agents", viewer: "user" },
  { name: "proofs-new-person", path: "/proofs", viewer: "user" },
  { name: "create-key", path: "/developers", viewer: "user", press: /create key/i },
  { name: "overview", path: "/overview", viewer: "walker" },
  { name: "compute", path: "/compute", viewer: "walker" },
  { name: "compute-machines", path: "/compute?tab=machines", viewer: "walker" },
  { name: "compute-rent", path: "/compute?tab=machines", viewer: "walker", press: /^rent$/i },
  { name: "compute-jobs", path: "/compute?tab=jobs", viewer: "walker" },
  { name: "compute-run-job", path: "/compute?tab=jobs", viewer: "walker", press: /^run a job/i },
  { name: "compute-playground", path: "/compute?tab=playground", viewer: "walker" },
  { name: "compute-requests", path: "/compute?tab=requests", viewer: "walker" },
  { name: "compute-receipt", path: "/compute?tab=requests", viewer: "walker", press: /^receipt rcp_/i },
  { name: "compute-escrow", path: "/compute?tab=escrow", viewer: "walker" },
  { name: "compute-escrow-open", path: "/compute?tab=escrow", viewer: "walker", press: /open an escrow/i },
  { name: "compute-provide", path: "/compute?tab=provide", viewer: "provider" },
  { name: "agents", path: "/agents", viewer: "walker" },
  { name: "agents-create", path: "/agents/new", viewer: "walker" },
  { name: "agent", path: "/agents/:agent", viewer: "walker" },
  { name: "agent-change", path: "/agents/:agent", viewer: "walker", press: /change its limits/i },
  { name: "agent-breaker", path: "/agents/:agent", viewer: "walker", press: /^trip$/i },
  { name: "agent-strategy", path: "/agents/:agent/strategies/new", viewer: "walker" },
  { name: "agent-key", path: "/agents/:agent", viewer: "walker", press: /take its key/i },
  { name: "approvals", path: "/agents/approvals", viewer: "walker" },
  { name: "agent-receipt", path: "/agents/:agent", viewer: "walker", press: /^receipt of payment/i },
  { name: "proofs", path: "/proofs", viewer: "walker" },
  { name: "proofs-order", path: "/proofs", viewer: "walker", press: /order a proof/i },
  { name: "proof", path: "/proofs/:proof", viewer: "walker" },
  { name: "rewards", path: "/rewards", viewer: "walker" },
  { name: "rewards-receipt", path: "/rewards", viewer: "walker", press: /^receipt of cash-out/i },
  { name: "balance", path: "/balance", viewer: "walker" },
  { name: "limits", path: "/balance?tab=limits", viewer: "walker" },
  { name: "limits-set", path: "/balance?tab=limits", viewer: "walker", press: /set a limit/i },
  { name: "developers", path: "/developers", viewer: "walker" },
  { name: "settings", path: "/settings", viewer: "walker" },
  { name: "palette", path: "/settings", viewer: "walker", press: /^search/i },
  { name: "feed", path: "/feed", viewer: "walker" },
  { name: "statement-filter", path: "/balance?flow=in", viewer: "user" },
  { name: "admin", path: "/admin", viewer: "admin" },
  { name: "admin-nodes", path: "/admin/nodes", viewer: "admin" },
  { name: "admin-agents", path: "/admin/agents", viewer: "admin" },
  { name: "admin-templates", path: "/admin/templates", viewer: "admin" },
  { name: "admin-template", path: "/admin/templates/tpl_treasurer", viewer: "admin" },
  { name: "admin-template-new", path: "/admin/templates/new", viewer: "admin" },
  { name: "admin-ledger", path: "/admin/ledger", viewer: "admin" },
  { name: "admin-ledger-account", path: "/admin/ledger?at=platform%3Avault", viewer: "admin" },
  { name: "admin-ledger-transfer", path: "/admin/ledger?at=txf_1", viewer: "admin" },
  { name: "admin-ledger-batch", path: "/admin/ledger?at=bat_2", viewer: "admin" },
  { name: "admin-reconciliation", path: "/admin/reconciliation", viewer: "admin" },
  { name: "admin-adjustments", path: "/admin/adjustments", viewer: "admin" },
  { name: "admin-propose", path: "/admin/adjustments", viewer: "admin", press: /^propose/i },
];
