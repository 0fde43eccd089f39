import { z } from "zod";
import { idPattern } from "../ids.ts";
import { addressText } from "./account.ts";
import { pageOf } from "./page.ts";

const isoTime = z.iso.datetime();

/** What money is spent on. Each is a scope of its own: of everybody for admins, of one person for that person. */
export const SPENDING_CATEGORIES = ["inference", "compute", "withdrawal", "cash-out", "reward"] as const;
export type SpendingCategory = (typeof SPENDING_CATEGORIES)[number];

/** What a person spends on; rewards are paid by campaigns. */
export const PERSONAL_CATEGORIES = [
  "inference",
  "compute",
  "withdrawal",
  "cash-out",
] as const satisfies SpendingCategory[];

/** What a person's limit is on. Every one of them is about that person's own spending. */
export const coversInput = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("everything").describe("All that you, your API keys and your agents spend.") }),
  z.strictObject({
    kind: z.literal("balance").describe("What leaves your own balance; agents have one of their own."),
  }),
  z.strictObject({ kind: z.literal("api-key"), id: z.string().regex(idPattern("apiKey")) }),
  z.strictObject({ kind: z.literal("agent"), id: z.string().regex(idPattern("agent")) }),
  z.strictObject({ kind: z.literal("category"), category: z.enum(PERSONAL_CATEGORIES) }),
  z.strictObject({ kind: z.literal("provider"), nodeId: z.string().regex(idPattern("node")) }),
  z.strictObject({ kind: z.literal("counterparty"), address: addressText }),
]);
export type Covers = z.infer<typeof coversInput>;

export const CAP_KINDS = ["window", "lifetime", "transaction"] as const;
export const WINDOW_MS_MIN = 1_000;
export const WINDOW_MS_MAX = 100 * 366 * 24 * 3_600_000;

/** Nothing at all is a limit too: it stops a spender without taking anything away. */
export const capUnits = z.string().regex(/^(?:0|[1-9]\d{0,17})$/, "A whole number of base units, as text.");
const windowMs = z.number().int().min(WINDOW_MS_MIN).max(WINDOW_MS_MAX);

/** How much, and in which time. */
export const capTerms = {
  units: capUnits.describe("Base units: micro-dollars."),
  kind: z.enum(CAP_KINDS).describe("In any stretch of windowMs, ever, or at once."),
  windowMs: windowMs.optional().describe("The length of a rolling window; only a window has one."),
};
const hasItsWindow = (terms: { kind: (typeof CAP_KINDS)[number]; windowMs?: number | undefined }): boolean =>
  (terms.kind === "window") === (terms.windowMs !== undefined);
const ITS_WINDOW = { message: "A window has a length; a lifetime and a transaction have none.", path: ["windowMs"] };

export const spendLimitInput = z.strictObject(capTerms).refine(hasItsWindow, ITS_WINDOW);
export type SpendLimit = z.infer<typeof spendLimitInput>;

export const capId = z.string().regex(idPattern("cap"));
const capAsset = z
  .enum(["USD", "EUR"])
  .nullable()
  .default("USD")
  .describe("Null counts the worth in micro-dollars over all assets.");
const note = z.string().trim().min(1).max(200);

export const createCapInput = z
  .strictObject({
    covers: coversInput,
    ...capTerms,
    asset: capAsset,
    parent: capId.optional().describe("A limit of yours above this one: what falls under this falls under that too."),
    note: note.optional(),
  })
  .refine(hasItsWindow, ITS_WINDOW);
export type CreateCapInput = z.infer<typeof createCapInput>;
export const changeCapInput = z.strictObject({ id: capId, units: capUnits });
export const removeCapInput = z.strictObject({ id: capId });

const capAmount = z.object({ asset: z.enum(["USD", "EUR"]), units: z.string() });
export const capOutput = z.object({
  object: z.literal("cap"),
  id: z.string(),
  /** What refusals call it by. */
  scope: z.string(),
  covers: coversInput.nullable(),
  /** The name of the key, agent or node it is on. */
  name: z.string().nullable(),
  kind: z.enum(CAP_KINDS),
  windowMs: z.number().int().nullable(),
  asset: z.enum(["USD", "EUR"]).nullable(),
  limit: capAmount,
  reserved: capAmount,
  spent: capAmount,
  left: capAmount,
  /** When the oldest of what was spent leaves the window; null when nothing will. */
  frees: isoTime.nullable(),
  parent: z.string().nullable(),
  note: z.string().nullable(),
  /** False for one that the platform set: it can be seen, not changed. */
  isOwn: z.boolean(),
  createdAt: isoTime,
});
export type CapView = z.infer<typeof capOutput>;
export const capsOutput = z.object({ data: z.array(capOutput) });
export const capRemovedOutput = z.object({ id: z.string(), removed: z.literal(true) });

/** Why an admin does it; it is kept with the change. */
const reason = z.string().trim().min(3).max(300);
export const createPlatformCapInput = z
  .strictObject({
    scope: z
      .string()
      .regex(/^[a-z]+:[!-~]{1,200}$/, "A scope, such as category:inference, provider:node_… or user:usr_….")
      .describe("category:…, provider:…, counterparty:0x…, campaign:…, or any account or scope."),
    ...capTerms,
    asset: capAsset,
    parent: capId.optional(),
    reason,
  })
  .refine(hasItsWindow, ITS_WINDOW);
export type CreatePlatformCapInput = z.infer<typeof createPlatformCapInput>;
export const changePlatformCapInput = z.strictObject({ id: capId, units: capUnits, reason });
export const removePlatformCapInput = z.strictObject({ id: capId, reason });

/** A cap of the platform, with who changed it last and why. */
export const platformCapOutput = capOutput.extend({
  /** It follows the configuration and is changed there. */
  isConfigured: z.boolean(),
  changes: z.array(
    z.object({
      at: isoTime,
      by: z.string(),
      /** Null when it was removed. */
      units: z.string().nullable(),
      reason: z.string().nullable(),
    }),
  ),
});
export type PlatformCapView = z.infer<typeof platformCapOutput>;
export const platformCapsOutput = pageOf(platformCapOutput);
