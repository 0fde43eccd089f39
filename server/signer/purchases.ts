import { concatHex, hashTypedData, toHex } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { evaluatePurchase, PURSE } from "#core/policy/guards.ts";
import type { SignerInput, SignerOutput } from "#core/schemas/signer.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { lockAgent } from "./agent-wallets.ts";
import { chainView } from "./chain-view.ts";
import { readHalts } from "./halts.ts";
import type { KeyRing } from "./key-ring.ts";
import { inTransaction, recordSpends, sumSpends } from "./store.ts";
import { signHash, withSecret } from "./wallets.ts";

/** How long an authorization may be good for: nobody holds a payment back to take it when it suits them. */
const VALID_SECONDS_MAX = 3_600;

const DOMAIN_ABI = [
  {
    type: "function",
    name: "eip712Domain",
    stateMutability: "view",
    inputs: [],
    outputs: [
      { name: "fields", type: "bytes1" },
      { name: "name", type: "string" },
      { name: "version", type: "string" },
      { name: "chainId", type: "uint256" },
      { name: "verifyingContract", type: "address" },
      { name: "salt", type: "bytes32" },
      { name: "extensions", type: "uint256[]" },
    ],
  },
] as const;

const TYPES = {
  TransferWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
} as const;

type Domain = { name: string; version: string; chainId: number; verifyingContract: `0x${string}` };
let known: Domain | null = null;

/** The dollar token's EIP-712 domain, as the token itself says it. */
async function domainOfDollars(chainId: number): Promise<Domain> {
  const token = loadDeployment().contracts.TestUSD;
  if (known?.verifyingContract === token && known.chainId === chainId) return known;
  const [, name, version] = await chainView().readContract({
    address: token,
    abi: DOMAIN_ABI,
    functionName: "eip712Domain",
  });
  known = { name, version, chainId, verifyingContract: token };
  return known;
}

/**
 * Signs one payment out of an agent's purse, to somebody its owner named, within what its owner allowed. The same nonce
 * again is the same payment: the token takes it once, so it counts once.
 */
export async function signPurchase(
  keys: KeyRing,
  input: SignerInput<"signPurchase">,
): Promise<SignerOutput<"signPurchase">> {
  const domain = await domainOfDollars(loadDeployment().chainId);
  return inTransaction(async (connection) => {
    const { wallet, grant } = await lockAgent(keys, connection, input.agentId);
    if (grant.revoked) throw new DomainError("AGENT_REVOKED");
    if (grant.paused) throw new DomainError("AGENT_PAUSED");
    const halt = (await readHalts(connection, [grant.agentId]))(grant.agentId);
    if (halt) throw halt;
    const nowSeconds = Math.floor(Date.now() / 1_000);
    const { windowSeconds, guards, validUntil } = grant.policy;
    if (input.validBefore > nowSeconds + VALID_SECONDS_MAX || nowSeconds > validUntil)
      throw new DomainError("SIGNER_REFUSED", { message: "An authorization is good for an hour at the most." });
    const nonce = BigInt(input.nonce);
    const [spent] = await sumSpends(connection, [{ walletId: wallet.id, windowSeconds, exceptNonce: nonce }]);
    const verdict = evaluatePurchase(guards, input, { nowSeconds, boughtInWindow: spent?.get(PURSE) ?? 0n });
    if (!verdict.allowed) {
      const { rule, value, fix } = verdict;
      throw new DomainError("POLICY_DENIED", { rule, value, fix, refusedBy: "signer" });
    }
    const { to, amount, validAfter, validBefore } = input;
    const message = {
      from: grant.address,
      to,
      value: amount,
      validAfter: BigInt(validAfter),
      validBefore: BigInt(validBefore),
      nonce: input.nonce,
    };
    const hash = hashTypedData({ domain, types: TYPES, primaryType: "TransferWithAuthorization", message });
    const bought = new Map([[PURSE, amount]]);
    await recordSpends(connection, [{ walletId: wallet.id, nonce, userOperationHash: hash, spent: bought }]);
    const { r, s, yParity } = await withSecret(keys, wallet, (secret) => signHash(secret, hash));
    return { signature: concatHex([r, s, toHex(27 + yParity)]) };
  });
}
