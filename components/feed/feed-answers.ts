import { z } from "zod";

const units = z.object({ units: z.string() }).transform((amount) => BigInt(amount.units));

/** What of GET /balance the feed needs: what can be cashed out now. */
export const balanceUnits = z.object({ available: units }).transform(({ available }) => available);

/** What of GET /me the feed needs: whether this person has a passkey to receive money with. */
export const meAnswer = z.object({ passkeys: z.array(z.object({ credentialId: z.string().optional() })) });
