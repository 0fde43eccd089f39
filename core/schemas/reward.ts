import { z } from "zod";
import { BATCH_EVENTS_MAX } from "../event-batch.ts";
import { idPattern } from "../ids.ts";
import { pageInput, pageOf } from "./page.ts";

const amount = z.strictObject({ asset: z.literal("USD"), units: z.string().regex(/^-?\d+$/) });
const hash32 = z.string().regex(/^0x[0-9a-f]{64}$/);
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);
const isoTime = z.iso.datetime();
/** Words that stand in the canonical bytes of a batch: no space, no line break. */
const word = z.string().regex(/^[A-Za-z0-9_.:-]{1,64}$/);

export const deviceId = z.string().regex(idPattern("device"));
export const campaignId = z.string().regex(idPattern("campaign"));

export const registerDeviceInput = z.strictObject({
  name: z.string().trim().min(1).max(80),
  publicKey: z.string().regex(/^[A-Za-z0-9_-]{87}$/, "65 uncompressed bytes of a P-256 point in base64url"),
  /** By the key itself over `deviceRegistrationBytes`, so that nobody registers a key they do not hold. */
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});
export const deviceOutput = z.object({
  id: z.string(),
  userId: z.string(),
  name: z.string(),
  publicKey: z.string(),
  /** The highest sequence number taken in, and the hash of that batch: where a device goes on. */
  lastSequence: z.number().int(),
  lastHash: z.string(),
  createdAt: isoTime,
});
export type Device = z.infer<typeof deviceOutput>;

export const rewardEvent = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9_-]{8,40}$/),
  kind: z.enum(["view", "scroll", "dwell"]),
  itemId: word,
  atMs: z.number().int().min(0).max(9_007_199_254_740_991),
  dwellMs: z.number().int().min(0).max(86_400_000).optional(),
  depth: z.number().int().min(0).max(100).optional(),
});
export const signedEventBatch = z.strictObject({
  deviceId,
  campaignId,
  sequence: z.number().int().min(1).max(2_147_483_647),
  previousHash: z.string().regex(/^[0-9a-f]{64}$/),
  events: z.array(rewardEvent).min(1).max(BATCH_EVENTS_MAX),
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});

/** Why one event was not taken in. */
export const EVENT_REJECTIONS = [
  "FROM_THE_FUTURE",
  "TOO_OLD",
  "UNKNOWN_ITEM",
  "DWELL_MISSING",
  "DWELL_OVERLAPS",
] as const;
export type EventRejection = (typeof EVENT_REJECTIONS)[number];

/** Why a batch was paid less than its events are worth. */
export const WITHHELD_REASONS = [
  "IMPLAUSIBLE",
  "CAMPAIGN_CLOSED",
  "USER_CAP",
  "DEVICE_CAP",
  "BUDGET_EXHAUSTED",
] as const;
export type WithheldReason = (typeof WITHHELD_REASONS)[number];

export const ingestOutput = z.object({
  batchId: z.string(),
  sequence: z.number().int(),
  /** True when this batch was taken in before; `credited` is then what it was paid that time. */
  isRepeat: z.boolean(),
  events: z.array(
    z.object({
      id: z.string(),
      status: z.enum(["accepted", "duplicate", "rejected"]),
      reason: z.enum(EVENT_REJECTIONS).optional(),
    }),
  ),
  credited: amount,
  withheldReason: z.enum(WITHHELD_REASONS).nullable(),
  balance: amount,
});
export type IngestResult = z.infer<typeof ingestOutput>;

export const campaignOutput = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  status: z.enum(["upcoming", "active", "ended", "exhausted"]),
  prices: z.object({ view: amount, scroll: amount, dwellSecond: amount }),
  userCapPerDay: amount,
  deviceCapPerDay: amount,
  budgetLeft: amount,
  spent: amount,
  itemIds: z.array(z.string()),
  startsAt: isoTime,
  endsAt: isoTime.nullable(),
});
export const campaignsOutput = z.object({ data: z.array(campaignOutput) });
export type Campaign = z.infer<typeof campaignOutput>;

export const earningsOutput = z.object({
  lastDay: amount,
  total: amount,
  leftToday: amount,
  byCampaign: z.array(z.object({ campaignId: z.string(), name: z.string(), lastDay: amount, total: amount })),
});

export const batchOutput = z.object({
  id: z.string(),
  deviceId: z.string(),
  campaignId: z.string(),
  sequence: z.number().int(),
  hash: z.string(),
  receivedAt: isoTime,
  accepted: z.number().int(),
  duplicate: z.number().int(),
  rejected: z.number().int(),
  score: z.number().int(),
  worth: amount,
  credited: amount,
  withheldReason: z.enum(WITHHELD_REASONS).nullable(),
});
export const batchesOutput = pageOf(batchOutput);

export const epochOutput = z.object({
  number: z.number().int(),
  status: z.enum(["funding", "publishing", "final"]),
  root: hash32,
  delta: amount,
  cumulativeTotal: amount,
  people: z.number().int(),
  createdAt: isoTime,
  fundedAt: isoTime.nullable(),
  fundedHash: z.string().nullable(),
  finalAt: isoTime.nullable(),
  finalHash: z.string().nullable(),
});
export const epochsOutput = pageOf(epochOutput);
/** A page of epochs goes on below an epoch's number. */
export const epochsInput = pageInput.extend({
  cursor: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional(),
});

export const cashOutInput = z.strictObject({
  /** Micro-dollars. */
  units: z.string().regex(/^[1-9]\d{0,18}$/),
  /** The caller's own key: a repeat answers with the first cash-out instead of making another. */
  key: z
    .string()
    .regex(/^[A-Za-z0-9_-]{8,64}$/)
    .optional(),
});
export const CASH_OUT_STATUSES = ["requested", "settling", "ready", "arrived"] as const;
export const cashOutOutput = z.object({
  id: z.string(),
  status: z.enum(CASH_OUT_STATUSES),
  amount,
  address,
  epoch: z.number().int().nullable(),
  createdAt: isoTime,
  arrivedAt: isoTime.nullable(),
  hash: z.string().nullable(),
});
export type CashOut = z.infer<typeof cashOutOutput>;
export const cashOutsOutput = pageOf(cashOutOutput);
export const cashOutIdInput = z.strictObject({ id: z.string().regex(idPattern("cashOut")) });

export const claimOutput = z.object({
  address,
  distributor: address,
  epoch: z.number().int(),
  root: hash32,
  cumulative: amount,
  paid: amount,
  /** What a claim with this proof pays now. */
  claimable: amount,
  proof: z.array(hash32),
});
export const claimsOutput = z.object({ data: z.array(claimOutput) });
export type Claim = z.infer<typeof claimOutput>;
