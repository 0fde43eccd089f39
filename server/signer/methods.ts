import { SIGNER_METHODS, type SignerInput, type SignerMethod, type SignerOutput } from "#core/schemas/signer.ts";
import { adoptAgentPolicy } from "./adopt-policy.ts";
import {
  createAgentWallet,
  getAgentSpending,
  narrowAgentPolicy,
  revokeAgentWallet,
  setAgentPaused,
} from "./agent-wallets.ts";
import { exportAgentKey } from "./export-key.ts";
import { setHalt } from "./halts.ts";
import { getImportKey } from "./import-key.ts";
import type { KeyRing } from "./key-ring.ts";
import { evaluateOperatorTransaction, signOperatorTransaction } from "./operator.ts";
import { signPurchase } from "./purchases.ts";
import { getReceiptKey, signReceipt } from "./receipts.ts";
import { evaluateExecution, signUserOperation } from "./sign-user-operation.ts";
import { countUnderOtherKeys, inTransaction } from "./store.ts";
import { getVoucherKey, signVoucher } from "./vouchers.ts";
import { addressOf, getOnlyWallet } from "./wallets.ts";

type Handlers = { [M in SignerMethod]: (keys: KeyRing, input: SignerInput<M>) => Promise<SignerOutput<M>> };

const HANDLERS: Handlers = {
  health: async (keys) => {
    const { keyId } = keys.newest();
    return { ok: true, keyId, walletsToRotate: await countUnderOtherKeys(keyId) };
  },
  getOperator: async (keys) => {
    const wallet = await inTransaction((connection) => getOnlyWallet(keys, connection, "operator"));
    return { address: addressOf(wallet) };
  },
  getReceiptKey,
  getVoucherKey,
  createAgentWallet,
  getImportKey,
  narrowAgentPolicy,
  adoptAgentPolicy,
  setAgentPaused,
  setHalt,
  revokeAgentWallet,
  getAgentSpending,
  evaluateExecution,
  signUserOperation,
  signPurchase,
  exportAgentKey,
  evaluateOperatorTransaction,
  signOperatorTransaction,
  signReceipt,
  signVoucher,
};

export const isSignerMethod = (name: string): name is SignerMethod => Object.hasOwn(SIGNER_METHODS, name);

/** Parses strictly, then runs one method. */
export function callMethod<M extends SignerMethod>(keys: KeyRing, method: M, body: unknown): Promise<SignerOutput<M>> {
  const input = SIGNER_METHODS[method].input.parse(body) as SignerInput<M>;
  return HANDLERS[method](keys, input);
}
