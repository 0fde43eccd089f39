import { expect } from "@playwright/test";
import {
  createDeviceKey,
  deviceRegistrationBytes,
  exportDeviceKey,
  FIRST_PREVIOUS_HASH,
  signEventBatch,
  signWithDevice,
} from "../../core/event-batch.ts";
import { readCards, seededRandom } from "../../core/simulated-reader.ts";
import type { Person } from "./people.ts";

type Campaign = { id: string; status: string; itemIds: string[] };

/** Registers a device and reads a hundred cards on it: some dollars to attack. Answers the device's id. */
export async function earn(person: Person): Promise<string> {
  const { data } = await person.read<{ data: Campaign[] }>("/rewards/campaigns");
  const campaign = data.find(({ status }) => status === "active");
  const { id: userId } = await person.read<{ id: string }>("/me");
  if (!campaign) throw new Error("No campaign is running.");
  const keys = await createDeviceKey();
  const publicKey = await exportDeviceKey(keys.publicKey);
  const signature = await signWithDevice(keys.privateKey, deviceRegistrationBytes(userId, publicKey));
  const made = await person.post("/devices", { name: "A phone", publicKey, signature });
  expect(made.status, made.text).toBe(200);
  const deviceId: string = JSON.parse(made.text).id;
  const events = readCards({ itemIds: campaign.itemIds, cards: 100, endsAtMs: Date.now(), random: seededRandom(1) });
  const batch = { deviceId, campaignId: campaign.id, sequence: 1, previousHash: FIRST_PREVIOUS_HASH, events };
  const { signed } = await signEventBatch(keys.privateKey, batch);
  const paid = await person.post("/events", signed);
  expect(paid.status, paid.text).toBe(200);
  expect(BigInt(JSON.parse(paid.text).credited.units)).toBeGreaterThan(100_000n);
  return deviceId;
}

export async function available(person: Person): Promise<bigint> {
  return BigInt((await person.read<{ available: { units: string } }>("/balance")).available.units);
}
