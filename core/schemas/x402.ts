import { z } from "zod";
import { addressSchema, bytes32Schema, bytesSchema } from "../policy/policy.ts";

const units = z.string().regex(/^\d{1,38}$/);
const seconds = z.string().regex(/^\d{1,15}$/);

/** What is asked for: x402, version 2, the exact scheme on a chain of the EVM. */
export const paymentRequirements = z.object({
  scheme: z.literal("exact"),
  network: z.templateLiteral(["eip155:", z.string().regex(/^\d{1,20}$/)]),
  asset: addressSchema,
  amount: units,
  payTo: addressSchema,
  maxTimeoutSeconds: z.int().min(1).max(86_400),
  extra: z.record(z.string(), z.unknown()).default({}),
});
export type PaymentRequirements = z.output<typeof paymentRequirements>;

/** What a payer sends: EIP-3009's authorization and the signature under it. */
export const paymentPayload = z.object({
  x402Version: z.literal(2),
  resource: z
    .object({ url: z.string().max(2_048) })
    .loose()
    .optional(),
  accepted: paymentRequirements,
  payload: z.object({
    signature: bytesSchema(4_096),
    authorization: z.object({
      from: addressSchema,
      to: addressSchema,
      value: units,
      validAfter: seconds,
      validBefore: seconds,
      nonce: bytes32Schema,
    }),
  }),
  extensions: z.record(z.string(), z.unknown()).optional(),
});
export type PaymentPayload = z.output<typeof paymentPayload>;

/** What a seller sends to a facilitator. */
export const facilitatorRequest = z.object({
  x402Version: z.literal(2),
  paymentPayload,
  paymentRequirements,
});
