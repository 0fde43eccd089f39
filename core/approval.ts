import type { Address, Hex } from "viem";
import { hashTypedData } from "viem/utils";

/** What somebody approves: one user operation of one account, by its hash and by the hash of its calls. */
export type ApprovedOperation = { chainId: number; account: Address; userOperationHash: Hex; callDataHash: Hex };

/**
 * What an approver's wallet shows and signs. It is no user operation: an approval of an account's owner can never be
 * taken for the owner's own operation.
 */
export function approvalTypedData({ chainId, account, userOperationHash, callDataHash }: ApprovedOperation) {
  return {
    domain: { name: "Converge approval", version: "1", chainId, verifyingContract: account },
    types: {
      Approval: [
        { name: "userOperationHash", type: "bytes32" },
        { name: "callDataHash", type: "bytes32" },
      ],
    },
    primaryType: "Approval",
    message: { userOperationHash, callDataHash },
  } as const;
}

export const hashApproval = (operation: ApprovedOperation): Hex => hashTypedData(approvalTypedData(operation));

/** What somebody agrees to: one policy of one account, by its hash. */
export type AgreedPolicy = { chainId: number; account: Address; policyHash: Hex };

export function agreementTypedData({ chainId, account, policyHash }: AgreedPolicy) {
  return {
    domain: { name: "Converge approval", version: "1", chainId, verifyingContract: account },
    types: { PolicyAgreement: [{ name: "policyHash", type: "bytes32" }] },
    primaryType: "PolicyAgreement",
    message: { policyHash },
  } as const;
}

export const hashAgreement = (agreed: AgreedPolicy): Hex => hashTypedData(agreementTypedData(agreed));
