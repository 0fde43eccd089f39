import { timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { DomainError } from "#core/errors.ts";
import { addressSchema, agentPolicySchema, bytes32Schema, policyToJson } from "#core/policy/policy.ts";
import type { KeyEncryption } from "./key-encryption.ts";
import type { KeyRing } from "./key-ring.ts";
import type { WalletRow } from "./store.ts";

const grantSchema = z.strictObject({
  walletId: z.string(),
  agentId: z.string(),
  address: addressSchema,
  account: addressSchema,
  chainId: z.int(),
  policy: agentPolicySchema,
  /** Hashes of policies that were narrowed: the chain may have one of them still, and it is not taken up again. */
  superseded: z.array(bytes32Schema).max(64).default([]),
  paused: z.boolean(),
  revoked: z.boolean(),
  /** When its owner brought the key, if they did: somebody may have it outside. */
  importedAt: z.iso.datetime().nullable().default(null),
});

/** What an agent's key may do, and whether it may do anything now. */
export type Grant = z.output<typeof grantSchema>;

/** The grant as stored text and its code. Without the key-encryption key nobody can write a row that `openGrant` takes. */
export async function sealGrant(key: KeyEncryption, grant: Grant): Promise<{ text: string; mac: Buffer }> {
  const text = JSON.stringify({ ...grant, policy: policyToJson(grant.policy) });
  return { text, mac: await key.authenticate(text) };
}

/** Genuine, but of a policy as accounts of before had it: no account there is now takes such a key. */
const isFromBefore = (stored: unknown): boolean =>
  typeof stored === "object" &&
  stored !== null &&
  "policy" in stored &&
  typeof stored.policy === "object" &&
  stored.policy !== null &&
  !("guards" in stored.policy);

/** Grants that were read before, by their text: every signature reads one, and nothing of it is secret. */
const known = new Map<string, Grant>();
const KNOWN_MAX = 20_000;

function readGrantText(text: string): Grant {
  const found = known.get(text);
  if (found) return found;
  const stored: unknown = JSON.parse(text);
  if (isFromBefore(stored)) throw new DomainError("AGENT_REVOKED");
  const grant = grantSchema.parse(stored);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(text, grant);
  return grant;
}

export async function openGrant(keys: KeyRing, wallet: WalletRow): Promise<Grant> {
  const altered = () => new DomainError("SIGNER_RECORD_ALTERED", { wallet: wallet.id });
  if (wallet.purpose !== "agent" || wallet.grant_text === null || wallet.grant_mac === null) throw altered();
  const expected = await keys.of(wallet.key_id).authenticate(wallet.grant_text);
  if (wallet.grant_mac.length !== expected.length || !timingSafeEqual(wallet.grant_mac, expected)) throw altered();
  const grant = readGrantText(wallet.grant_text);
  // A genuine grant of another wallet, copied into this row, gives this wallet nothing.
  if (grant.walletId !== wallet.id || grant.address !== wallet.address) throw altered();
  return grant;
}
