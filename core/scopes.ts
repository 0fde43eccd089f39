/** What an API key may be allowed to do. A browser session may do all of it. */
export const SCOPES = {
  "inference:write": "Run completions and read their receipts",
  "jobs:write": "Run jobs on rented machines, and read their logs and files",
  "compute:write": "Manage nodes and join tokens",
  "agents:read": "See agents, their limits and payments",
  "agents:write": "Create, fund, pause agents and let them pay",
  "proofs:write": "Request proofs and read them",
  "rewards:write": "Send events and cash out",
  "balance:read": "See balances and statements",
} as const;

export type Scope = keyof typeof SCOPES;
export const ALL_SCOPES = Object.keys(SCOPES) as Scope[];
/** What a key that acts as an agent may be given: the rest belongs to the agent's owner. */
export const AGENT_SCOPES: readonly Scope[] = [
  "inference:write",
  "jobs:write",
  "agents:read",
  "agents:write",
  "balance:read",
];

export const isScope = (value: string): value is Scope => Object.hasOwn(SCOPES, value);

export const ROLES = ["user", "provider", "admin"] as const;
export type Role = (typeof ROLES)[number];
export const isRole = (value: string): value is Role => (ROLES as readonly string[]).includes(value);
