import { describe, expect, test } from "vitest";
import {
  createDeviceKey,
  deviceRegistrationBytes,
  type EventBatch,
  eventBatchBytes,
  exportDeviceKey,
  FIRST_PREVIOUS_HASH,
  hashEventBatch,
  importDeviceKey,
  signEventBatch,
  verifyDeviceSignature,
} from "./event-batch.ts";

const BATCH: EventBatch = {
  deviceId: "dev_1",
  campaignId: "cmp_1",
  sequence: 7,
  previousHash: FIRST_PREVIOUS_HASH,
  events: [
    { id: "evt_00000001", kind: "view", itemId: "one-ledger", atMs: 1_790_000_000_000 },
    { id: "evt_00000002", kind: "scroll", itemId: "one-ledger", atMs: 1_790_000_000_500, depth: 80 },
    { id: "evt_00000003", kind: "dwell", itemId: "one-ledger", atMs: 1_790_000_003_000, dwellMs: 2500 },
  ],
};

/** A test vector for other platforms: these bytes and this hash must never change under this domain line. */
const TEXT = `converge-events-v1
dev_1
cmp_1
7
${"0".repeat(64)}
3
evt_00000001 view one-ledger 1790000000000 - -
evt_00000002 scroll one-ledger 1790000000500 - 80
evt_00000003 dwell one-ledger 1790000003000 2500 -`;
const HASH = "0f8312103d8a83aa434fd3bed9b2d6fb42741af6f05fdf4bc39de40e4f988943";

describe("an event batch", () => {
  test("has the documented bytes and hash", async () => {
    expect(new TextDecoder().decode(eventBatchBytes(BATCH))).toBe(TEXT);
    expect(await hashEventBatch(eventBatchBytes(BATCH))).toBe(HASH);
  });

  test("verifies under the key that signed it and under no other", async () => {
    const [mine, other] = await Promise.all([createDeviceKey(), createDeviceKey()]);
    const { signed } = await signEventBatch(mine.privateKey, BATCH);
    const publicKey = await importDeviceKey(await exportDeviceKey(mine.publicKey));
    expect(await verifyDeviceSignature(publicKey, signed.signature, eventBatchBytes(signed))).toBe(true);
    expect(await verifyDeviceSignature(other.publicKey, signed.signature, eventBatchBytes(signed))).toBe(false);
  });

  test("is refused after any field changed", async () => {
    const { privateKey, publicKey } = await createDeviceKey();
    const { signed } = await signEventBatch(privateKey, BATCH);
    const [first, ...others] = BATCH.events;
    if (!first) throw new Error("The fixture has events");
    const forgeries: EventBatch[] = [
      { ...BATCH, deviceId: "dev_2" },
      { ...BATCH, campaignId: "cmp_2" },
      { ...BATCH, sequence: 8 },
      { ...BATCH, previousHash: "1".repeat(64) },
      { ...BATCH, events: others },
      { ...BATCH, events: [...others, first] },
      { ...BATCH, events: [{ ...first, atMs: first.atMs + 1 }, ...others] },
      { ...BATCH, events: [{ ...first, dwellMs: 0 }, ...others] },
      { ...BATCH, events: [{ ...first, depth: 0 }, ...others] },
    ];
    for (const forged of forgeries) {
      expect(await verifyDeviceSignature(publicKey, signed.signature, eventBatchBytes(forged))).toBe(false);
    }
  });

  test("with a malformed signature is refused without an exception", async () => {
    const { publicKey } = await createDeviceKey();
    for (const signature of ["", "A", "not base64url!", "A".repeat(85), "A".repeat(86), "A".repeat(88)]) {
      expect(await verifyDeviceSignature(publicKey, signature, eventBatchBytes(BATCH))).toBe(false);
    }
  });
});

describe("a device key", () => {
  test("cannot be exported", async () => {
    const { privateKey } = await createDeviceKey();
    await expect(crypto.subtle.exportKey("pkcs8", privateKey)).rejects.toThrow();
  });

  test.each(["", "AAAA", "A".repeat(87), "!".repeat(87)])(
    "that is no point of the curve is refused: %j",
    async (text) => {
      await expect(importDeviceKey(text)).rejects.toMatchObject({ code: "DEVICE_KEY_INVALID" });
    },
  );

  test("is registered for one person only", () => {
    expect(deviceRegistrationBytes("usr_1", "key")).not.toEqual(deviceRegistrationBytes("usr_2", "key"));
  });
});
