import { z } from "zod";
import { idPattern } from "../ids.ts";

export const wireAmount = z.strictObject({ asset: z.literal("USD"), units: z.string().regex(/^-?\d+$/) });
/** Base units as a person or program sends them: positive, and small enough for the ledger. */
export const unitsInput = z.string().regex(/^[1-9]\d{0,17}$/, "A positive whole number of base units, as text.");
export const addressText = z.string().regex(/^0x[0-9a-fA-F]{40}$/, "20 bytes of hex.");
export const hash32Text = z.string().regex(/^0x[0-9a-fA-F]{64}$/, "32 bytes of hex.");
export const selectorText = z.string().regex(/^0x[0-9a-fA-F]{8}$/, "4 bytes of hex.");
export const bytesText = z
  .string()
  .max(40_000)
  .regex(/^0x(?:[0-9a-fA-F]{2})*$/, "Hex bytes.");
const isoTime = z.iso.datetime();

/** Who has to sign, and with what. */
export const ownerOutput = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("passkey"), credentialId: z.string() }),
  z.object({ kind: z.literal("wallet"), address: z.string() }),
]);
export type OwnerView = z.infer<typeof ownerOutput>;

export const accountOutput = z.object({
  /** Null until the person has a passkey or a wallet. */
  account: z
    .object({
      address: z.string(),
      owner: ownerOutput,
      isDeployed: z.boolean(),
      /** Dollars at this address, outside of the platform. */
      balance: wireAmount,
    })
    .nullable(),
});
export type AccountView = z.infer<typeof accountOutput>;

export const callInput = z.strictObject({ target: addressText, data: bytesText });

export const prepareOperationInput = z.strictObject({ calls: z.array(callInput).min(1).max(8) });

/** What the owner signs: a passkey signs `hash` as its challenge, a wallet signs `typedData` (its hash is `hash`). */
export const preparedOperationOutput = z.object({
  id: z.string(),
  hash: z.string(),
  signer: ownerOutput,
  typedData: z.object({
    domain: z.object({
      name: z.string(),
      version: z.string(),
      chainId: z.number().int(),
      verifyingContract: z.string(),
    }),
    types: z.record(z.string(), z.array(z.object({ name: z.string(), type: z.string() }))),
    primaryType: z.string(),
    message: z.record(z.string(), z.string()),
  }),
  expiresAt: isoTime,
});
export type PreparedOperation = z.infer<typeof preparedOperationOutput>;

export const ownerSignatureInput = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("passkey"),
    authenticatorData: bytesText,
    /** The exact text the authenticator signed. */
    clientDataJSON: z.string().min(2).max(4_000),
    /** DER, as `navigator.credentials.get` returns it. */
    signature: bytesText,
  }),
  z.strictObject({ kind: z.literal("wallet"), signature: bytesText }),
]);
export type OwnerSignature = z.infer<typeof ownerSignatureInput>;

export const operationId = z.string().regex(idPattern("userOperation"));
export const submitOperationInput = z.strictObject({ id: operationId, signature: ownerSignatureInput });

export const OPERATION_STATUSES = ["prepared", "submitted", "succeeded", "failed"] as const;
export const operationOutput = z.object({
  id: z.string(),
  purpose: z.string(),
  refId: z.string().nullable(),
  hash: z.string(),
  sender: z.string(),
  status: z.enum(OPERATION_STATUSES),
  transactionHash: z.string().nullable(),
  gasUsed: z.string().nullable(),
  /** Wei that the gas sponsor paid. */
  gasCost: z.string().nullable(),
  error: z.string().nullable(),
  createdAt: isoTime,
  expiresAt: isoTime,
});
export type OperationView = z.infer<typeof operationOutput>;

/** The first three can be cancelled; "waiting-root" is sent once a root covers it; "requested" is ordered on the chain; the others are the end. */
export const WITHDRAWAL_STATUSES = [
  "awaiting-approval",
  "waiting",
  "waiting-root",
  "requested",
  "paid",
  "failed",
  "cancelled",
  "rejected",
  "expired",
] as const;

export const withdrawInput = z.strictObject({ to: addressText, units: unitsInput });
export const withdrawalOutput = z.object({
  id: z.string(),
  /** The id the Vault pays once. */
  chainId: z.string(),
  to: z.string(),
  amount: wireAmount,
  agentId: z.string().nullable(),
  status: z.enum(WITHDRAWAL_STATUSES),
  /** A large one is not sent before; one that waits for a root is sent at about this time. Until then it can be cancelled. */
  sendAt: isoTime.nullable(),
  /** An approval that was not given by then is not given any more. */
  expiresAt: isoTime.nullable(),
  /** When an admin approved or rejected it. */
  decidedAt: isoTime.nullable(),
  transactionHash: z.string().nullable(),
  /** Why it was not paid. */
  error: z.string().nullable(),
  requestedAt: isoTime,
  settledAt: isoTime.nullable(),
});
export type WithdrawalView = z.infer<typeof withdrawalOutput>;
export const withdrawalId = z.string().regex(idPattern("withdrawal"));

export const depositReferenceOutput = z.object({
  /** Send `Vault.deposit(reference, amount)`, after approving the Vault: the balance grows when it is confirmed. */
  reference: z.string(),
  vault: z.string(),
  token: z.string(),
  chainId: z.number().int(),
});
export type DepositReference = z.infer<typeof depositReferenceOutput>;
