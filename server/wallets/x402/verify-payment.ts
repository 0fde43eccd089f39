import { x402Facilitator } from "@x402/core/facilitator";
import type { PaymentPayload as Payload, PaymentRequirements as Requirements } from "@x402/core/types";
import type { FacilitatorEvmSigner } from "@x402/evm";
import { ExactEvmScheme } from "@x402/evm/exact/facilitator";
import { isAddressEqual } from "viem/utils";
import type { PaymentPayload, PaymentRequirements } from "#core/schemas/x402.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { env } from "#server/env.ts";

/** Where payments are settled, in x402's words. */
export const networkOf = (): `eip155:${number}` => `eip155:${env.CHAIN_ID}`;

/** A payment is worth its transaction from a tenth of a cent on. */
export const AMOUNT_MIN = 1_000n;

const neverSends = (): Promise<never> => Promise.reject(new Error("Payments are sent through the outbox."));

/** The official scheme asks the chain through this; sending is not its business, because an order must survive us. */
async function readingSigner(): Promise<FacilitatorEvmSigner> {
  const { address } = await signerClient.getOperator({});
  const client = publicClient();
  return {
    getAddresses: () => [address],
    readContract: (args) => client.readContract(args as Parameters<typeof client.readContract>[0]),
    verifyTypedData: (args) => client.verifyTypedData(args as Parameters<typeof client.verifyTypedData>[0]),
    getCode: (args) => client.getCode(args),
    writeContract: neverSends,
    sendTransaction: neverSends,
    waitForTransactionReceipt: neverSends,
  };
}

let known: Promise<x402Facilitator> | null = null;
function facilitator(): Promise<x402Facilitator> {
  known ??= readingSigner()
    .then((signer) => new x402Facilitator().register(networkOf(), new ExactEvmScheme(signer)))
    .catch((error: unknown) => {
      known = null;
      throw error;
    });
  return known;
}

export type Verified =
  | { isValid: true; payer: string }
  | { isValid: false; reason: string; payer?: string | undefined };

/**
 * Whether a payment would settle as it is: the right token on the right chain, signed by its payer for exactly what is
 * asked, still valid, not used, and covered.
 */
export async function verifyPayment(payload: PaymentPayload, wanted: PaymentRequirements): Promise<Verified> {
  const no = (reason: string): Verified => ({ isValid: false, reason, payer: payload.payload.authorization.from });
  if (wanted.network !== networkOf()) return no("invalid_network");
  if (!isAddressEqual(wanted.asset, loadDeployment().contracts.TestUSD)) return no("invalid_asset");
  if (BigInt(wanted.amount) < AMOUNT_MIN) return no("amount_too_low");
  const answer = await (await facilitator()).verify(payload as unknown as Payload, wanted as unknown as Requirements);
  if (answer.isValid) return { isValid: true, payer: answer.payer ?? payload.payload.authorization.from };
  return no(answer.invalidReason ?? "invalid_payload");
}
