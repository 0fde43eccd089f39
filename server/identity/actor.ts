import type { Role, Scope } from "#core/scopes.ts";

/** Who a request comes from, as far as the rules need to know. */
export type Actor = {
  userId: string;
  roles: Role[];
  via: "session" | "api_key";
  /** What an API key may do; all scopes for a session. */
  scopes: Scope[];
  sessionId?: string;
  apiKeyId?: string;
  /** Set when the key belongs to an agent: it acts and pays as that agent. */
  agentId?: string;
  /** Through what they ask, where it is worth a word. */
  door?: "mcp";
};
