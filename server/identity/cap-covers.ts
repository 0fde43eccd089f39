import { DomainError } from "#core/errors.ts";
import { type Covers, PERSONAL_CATEGORIES } from "#core/schemas/cap.ts";
import { db, type Sql } from "#server/db.ts";
import { agentAccount, userAccount } from "#server/ledger/account-codes.ts";
import {
  categoryScope,
  counterpartyScope,
  keyScope,
  ofPerson,
  personScope,
  providerScope,
} from "#server/ledger/scopes.ts";

/** The scope of what a person wants to limit; what is not theirs is answered as if it did not exist. */
export async function scopeOfCovers(sql: Sql, userId: string, covers: Covers): Promise<string> {
  switch (covers.kind) {
    case "everything":
      return personScope(userId);
    case "balance":
      return userAccount(userId);
    case "category":
      return ofPerson(userId, categoryScope(covers.category));
    case "counterparty":
      return ofPerson(userId, counterpartyScope(covers.address));
    case "provider":
      await assertFound(sql, "SELECT FROM compute_node WHERE id = $1", [covers.nodeId]);
      return ofPerson(userId, providerScope(covers.nodeId));
    case "api-key":
      await assertFound(sql, "SELECT FROM api_key WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL", [
        covers.id,
        userId,
      ]);
      return keyScope(covers.id);
    case "agent":
      await assertFound(sql, "SELECT FROM agent WHERE id = $1 AND user_id = $2", [covers.id, userId]);
      return agentAccount(covers.id);
  }
}

async function assertFound(sql: Sql, query: string, values: string[]): Promise<void> {
  const found = await sql.query(query, values);
  if (found.length === 0) throw new DomainError("NOT_FOUND", { param: "covers" });
}

/** What a scope is, as a person would have asked for it; null for scopes that only the platform limits. */
export function coversOfScope(scope: string): Covers | null {
  if (/^person:[^/]+$/.test(scope)) return { kind: "everything" };
  const [, noun, name = ""] = /^(?:person:[^/]+\/)?([a-z]+):(.+)$/.exec(scope) ?? [];
  const isPersons = scope.startsWith("person:");
  if (noun === "user") return { kind: "balance" };
  if (noun === "key") return { kind: "api-key", id: name };
  if (noun === "agent") return { kind: "agent", id: name };
  if (!isPersons) return null;
  if (noun === "provider") return { kind: "provider", nodeId: name };
  if (noun === "counterparty") return { kind: "counterparty", address: name };
  const category = PERSONAL_CATEGORIES.find((known) => known === name);
  return category ? { kind: "category", category } : null;
}

/** The names that people gave to what caps are on, by scope. */
export async function namesOfScopes(scopes: readonly string[]): Promise<Map<string, string>> {
  const idsOf = (pattern: RegExp) => scopes.flatMap((scope) => pattern.exec(scope)?.[1] ?? []);
  const select = { id: true, name: true };
  const [keys, agents, nodes] = await Promise.all([
    db.apiKey.findMany({ where: { id: { in: idsOf(/^key:(.+)$/) } }, select }),
    db.agent.findMany({ where: { id: { in: idsOf(/^agent:(.+)$/) } }, select }),
    db.computeNode.findMany({ where: { id: { in: idsOf(/(?:^|\/)provider:(.+)$/) } }, select }),
  ]);
  const names = new Map<string, string>();
  for (const { id, name } of keys) names.set(keyScope(id), name);
  for (const { id, name } of agents) names.set(agentAccount(id), name);
  for (const { id, name } of nodes)
    for (const scope of scopes) if (scope.endsWith(providerScope(id))) names.set(scope, name);
  return names;
}
