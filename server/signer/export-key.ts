import { type Hex, hexToBytes } from "viem";
import { DomainError } from "#core/errors.ts";
import { agentAccountAbi } from "#core/generated/abis.ts";
import { EXPORT_PURPOSE, EXPORT_SECONDS, hashExport } from "#core/key-export.ts";
import type { SignerInput, SignerOutput } from "#core/schemas/signer.ts";
import { lockAgent, readGrant } from "./agent-wallets.ts";
import { chainView } from "./chain-view.ts";
import type { KeyRing } from "./key-ring.ts";
import { isSignedBy } from "./owner-signature.ts";
import { sealTo } from "./sealed-key.ts";
import { inTransaction } from "./store.ts";
import { withSecret } from "./wallets.ts";

function assertTimely(expiresAt: number): void {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  if (expiresAt <= nowSeconds || expiresAt > nowSeconds + EXPORT_SECONDS)
    throw new DomainError("OPERATION_CLOSED", { message: "What the owner signed is good for ten minutes." });
}

/**
 * Gives an agent's key to the owner of its account, whom the chain names, sealed to a key that the owner signed for:
 * whoever carries it between them carries nothing that opens.
 */
export async function exportAgentKey(
  keys: KeyRing,
  { agentId, recipient, expiresAt, signature }: SignerInput<"exportAgentKey">,
): Promise<SignerOutput<"exportAgentKey">> {
  assertTimely(expiresAt);
  const { account, chainId, address } = await readGrant(keys, agentId);
  const owner = await chainView().readContract({ address: account, abi: agentAccountAbi, functionName: "owner" });
  const hash = hashExport({ chainId, account, key: address, recipient, expiresAt });
  if (!(await isSignedBy(owner, hash, signature).catch(() => false)))
    throw new DomainError("SIGNATURE_INVALID", {
      param: "signature",
      message: "The account's owner did not sign this.",
    });
  const { wallet } = await inTransaction((connection) => lockAgent(keys, connection, agentId));
  try {
    return await withSecret(keys, wallet, (secret) => sealTo(hexToBytes(recipient as Hex), secret, EXPORT_PURPOSE));
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw new DomainError("VALIDATION_FAILED", { param: "recipient", message: "This is no point of P-256." });
  }
}
