import { DomainError } from "#core/errors.ts";
import {
  deviceRegistrationBytes,
  FIRST_PREVIOUS_HASH,
  importDeviceKey,
  verifyDeviceSignature,
} from "#core/event-batch.ts";
import { newId } from "#core/ids.ts";
import type { Device } from "#core/schemas/reward.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { ensureAccounts } from "#server/ledger/ensure-accounts.ts";

/**
 * Binds a device key to the person who holds it, once.
 *
 * The key signs the person's id: without that, somebody who saw a public key could register it first and lock its
 * holder out. Registering the same key again answers with the same device, and where its batches left off.
 */
export async function registerDevice(
  actor: Actor,
  input: { name: string; publicKey: string; signature: string },
): Promise<Device> {
  const key = await importDeviceKey(input.publicKey);
  const bytes = deviceRegistrationBytes(actor.userId, input.publicKey);
  if (!(await verifyDeviceSignature(key, input.signature, bytes))) throw new DomainError("SIGNATURE_INVALID");

  await ensureAccounts(sqlOf(pool), [{ code: userAccount(actor.userId), asset: "USD", ownerId: actor.userId }]);
  await db.rewardDevice.createMany({
    data: [{ id: newId("device"), userId: actor.userId, name: input.name, publicKey: input.publicKey }],
    skipDuplicates: true,
  });
  const device = await db.rewardDevice.findUnique({ where: { publicKey: input.publicKey } });
  if (device?.userId !== actor.userId || device.revokedAt) throw new DomainError("DEVICE_TAKEN");
  return describeDevice(device);
}

/** One device of the caller, with the point its batches have reached. */
export async function getDevice(actor: Actor, input: { id: string }): Promise<Device> {
  const device = await db.rewardDevice.findUnique({ where: { id: input.id } });
  if (device?.userId !== actor.userId || device.revokedAt) throw new DomainError("DEVICE_NOT_FOUND");
  return describeDevice(device);
}

async function describeDevice(device: {
  id: string;
  userId: string;
  name: string;
  publicKey: string;
  createdAt: Date;
}): Promise<Device> {
  const last = await db.rewardBatch.findFirst({ where: { deviceId: device.id }, orderBy: { sequence: "desc" } });
  return {
    id: device.id,
    userId: device.userId,
    name: device.name,
    publicKey: device.publicKey,
    lastSequence: last?.sequence ?? 0,
    lastHash: last?.hash ?? FIRST_PREVIOUS_HASH,
    createdAt: device.createdAt.toISOString(),
  };
}
