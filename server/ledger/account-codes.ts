/** The names of ledger accounts. A code says whose money it is; the ledger itself only knows the code. */
export const userAccount = (userId: string): string => `user:${userId}`;
export const agentAccount = (agentId: string): string => `agent:${agentId}`;
export const poolAccount = (poolId: string): string => `pool:${poolId}`;
/** What is left of a lease on the chain, and what its provider earned of it and was not paid yet. */
export const escrowAccount = (leaseId: string): string => `escrow:${leaseId}`;
export const escrowEarnedAccount = (leaseId: string): string => `escrow:${leaseId}:earned`;
export const campaignAccount = (campaignId: string): string => `campaign:${campaignId}`;

/** Whose account a code names, where it is a person's. */
export const ownerOf = (code: string): { ownerId?: string } =>
  code.startsWith("user:") ? { ownerId: code.slice("user:".length) } : {};

/** Money held by the vault contract. Its balance is negative: it is what the platform owes, seen from the other side. */
export const VAULT_ACCOUNT = "platform:vault";
/** Money held by the leases of ComputeEscrow. It lies on the chain for one provider each, and in no root of the Vault's. */
export const ESCROW_ACCOUNT = "platform:escrow";
/** Money that enters or leaves by other ways than the vault. */
export const EXTERNAL_ACCOUNT = "platform:external";
/** The same for euros. */
export const EXTERNAL_EUR_ACCOUNT = "platform:external:EUR";
/** What the platform earned. */
export const REVENUE_ACCOUNT = "platform:revenue";
/** What was promised to on-chain claims and is not paid out yet. */
export const CASHOUT_ACCOUNT = "platform:cashout";
/** What is left over when an amount does not divide: less than a unit for each share. */
export const ROUNDING_ACCOUNT = "platform:rounding";

export const PLATFORM_ACCOUNTS = [
  VAULT_ACCOUNT,
  ESCROW_ACCOUNT,
  EXTERNAL_ACCOUNT,
  REVENUE_ACCOUNT,
  CASHOUT_ACCOUNT,
  ROUNDING_ACCOUNT,
] as const;

/**
 * Accounts that everybody's postings touch lie in so many rows, so that they do not wait for each other: those of the platform
 * that many people's money goes to, and the campaign of the feed. `npm run bench -- hot-account` has the measure.
 */
export const HOT_ACCOUNT_SHARDS = 8;
export const HOT_PLATFORM_ACCOUNTS = [REVENUE_ACCOUNT, CASHOUT_ACCOUNT] as const;

/** Accounts that stand for money outside the ledger; the database allows a negative balance for these alone. */
export const mayOverdraw = (code: string): boolean =>
  code === VAULT_ACCOUNT || code === ESCROW_ACCOUNT || code === EXTERNAL_ACCOUNT || code === EXTERNAL_EUR_ACCOUNT;
