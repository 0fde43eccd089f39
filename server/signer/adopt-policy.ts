import { zeroAddress } from "viem";
import { isAddressEqual } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { agentAccountAbi, policyStoreAbi } from "#core/generated/abis.ts";
import { fromContractPolicy } from "#core/policy/diff-policy.ts";
import { type Guards, othersNeeded } from "#core/policy/guards.ts";
import { type AgentPolicy, agentPolicySchema, hashPolicy, policyToJson } from "#core/policy/policy.ts";
import { isPolicyWithin } from "#core/policy/policy-within.ts";
import type { SignerInput, SignerOutput } from "#core/schemas/signer.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { changeGrant, readGrant } from "./agent-wallets.ts";
import { findAgreed } from "./approvals.ts";
import { chainView } from "./chain-view.ts";
import type { Grant } from "./grant.ts";
import type { KeyRing } from "./key-ring.ts";

/** The policy that an agent's account has for its key on the chain, which its owner's signature alone changes. */
async function readPolicy({ account, address }: Grant, guards: readonly Guards[]): Promise<AgentPolicy | null> {
  const client = chainView();
  const contract = { address: account, abi: agentAccountAbi } as const;
  const policy = await client.readContract({ ...contract, functionName: "policyOf", args: [address] });
  if (policy === zeroAddress) return null;
  const store = await client.readContract({ ...contract, functionName: "policyStore" });
  const loaded = await client.readContract({
    address: store,
    abi: policyStoreAbi,
    functionName: "load",
    args: [policy],
  });
  const read = fromContractPolicy(loaded, guards);
  if (!read)
    throw new DomainError("SIGNER_REFUSED", {
      message: "The owner signed other guards than those that are shown here.",
    });
  return agentPolicySchema.parse(policyToJson(read));
}

const dollarsInWindow = ({ caps }: AgentPolicy): bigint =>
  caps.find(({ token }) => isAddressEqual(token, loadDeployment().contracts.TestUSD))?.perWindow ?? 0n;

/**
 * Takes up the policy that the account has on the chain, wider ones too: nobody here is believed about it, the chain is
 * asked. The answer is the policy's hash, so that whoever asks sees which one it is.
 */
export async function adoptAgentPolicy(
  keys: KeyRing,
  { agentId, guards = [], agreements = [] }: SignerInput<"adoptAgentPolicy">,
): Promise<SignerOutput<"adoptAgentPolicy">> {
  const before = await readGrant(keys, agentId);
  const policy = await readPolicy(before, guards);
  if (!policy)
    throw new DomainError("SIGNER_REFUSED", { message: "The account has no policy for this key on the chain." });
  const policyHash = hashPolicy(policy);
  const agreed = await findAgreed(before, policyHash, agreements);
  await changeGrant(keys, agentId, ({ revoked, superseded, policy: current }) => {
    if (revoked) throw new DomainError("AGENT_REVOKED");
    // Narrowed here and not yet there: what the chain still has is what its owner turned away from.
    if (superseded.includes(policyHash)) throw new DomainError("POLICY_WIDENING_REFUSED");
    const { guards: held } = current;
    const needed = othersNeeded(held, policy.guards, dollarsInWindow(policy));
    const others = held?.changes?.approvers.filter(({ owner }) => agreed.has(owner)) ?? [];
    if (!isPolicyWithin(policy, current) && others.length < needed)
      throw new DomainError("POLICY_NEEDS_OTHERS", { needed, agreed: others.length });
    return { policy };
  });
  return { policyHash };
}
