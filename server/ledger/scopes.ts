import type { SpendingCategory } from "#core/schemas/cap.ts";

/** Who spends, as far as caps are concerned. An actor is one. */
export type Spender = { userId: string; agentId?: string | undefined; apiKeyId?: string | undefined };

export type SpendingPurpose = {
  category: SpendingCategory;
  /** Nodes whose owners may be paid. */
  nodeIds?: readonly string[];
  /** Where money goes when it leaves for the chain. */
  counterparty?: string;
};

export const keyScope = (apiKeyId: string): string => `key:${apiKeyId}`;
/** Everything that a person and their agents spend. */
export const personScope = (userId: string): string => `person:${userId}`;
export const categoryScope = (category: SpendingCategory): string => `category:${category}`;
export const providerScope = (nodeId: string): string => `provider:${nodeId}`;
export const counterpartyScope = (address: string): string => `counterparty:${address.toLowerCase()}`;
/** The part of a scope of everybody that one person spends: what they may limit without touching anybody else. */
export const ofPerson = (userId: string, scope: string): string => `${personScope(userId)}/${scope}`;

/**
 * Every scope of a spending besides the account that pays, which the ledger adds.
 *
 * The scopes of everybody are the admins'; beside each stands the same for this person alone, so that nobody can set a
 * cap on the spending of others.
 */
export function scopesOf(spender: Spender, purpose: SpendingPurpose): string[] {
  const everybodys = [
    categoryScope(purpose.category),
    ...(purpose.nodeIds ?? []).map(providerScope),
    ...(purpose.counterparty ? [counterpartyScope(purpose.counterparty)] : []),
  ];
  return [
    ...(spender.apiKeyId ? [keyScope(spender.apiKeyId)] : []),
    personScope(spender.userId),
    ...everybodys,
    ...everybodys.map((scope) => ofPerson(spender.userId, scope)),
  ];
}

/** The person whose spending alone a scope counts, or null. */
export const personOf = (scope: string): string | null => /^person:([^/]+)/.exec(scope)?.[1] ?? null;

const PROVIDER = /(?:^|\/)provider:(.+)$/;

/** The node that a scope is about, or null. */
export const nodeOf = (scope: string): string | null => PROVIDER.exec(scope)?.[1] ?? null;

/**
 * Those of a reservation's scopes under which its captured money does not fall.
 *
 * Money is set aside under every node that may answer; what was paid went to those that did.
 */
export function unusedScopes(scopes: readonly string[], servedNodeIds: readonly string[]): string[] {
  return scopes.filter((scope) => {
    const nodeId = nodeOf(scope);
    return nodeId !== null && !servedNodeIds.includes(nodeId);
  });
}

/** Whether a scope counts the spending of everybody, whose figures are nobody's business. */
export const isEverybodys = (scope: string): boolean =>
  /^(?:category|provider|counterparty|platform|campaign):/.test(scope);
