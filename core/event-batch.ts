import { DomainError } from "./errors.ts";

/**
 * The signed event batch: what a phone, the journey and the server must agree on byte for byte.
 *
 * Canonical bytes are UTF-8 lines joined by "\n", so that any platform builds them without a JSON library:
 *
 *     converge-events-v1
 *     <deviceId>
 *     <campaignId>
 *     <sequence>
 *     <previousHash>
 *     <number of events>
 *     <id> <kind> <itemId> <atMs> <dwellMs or -> <depth or ->      (one line for each event, in the order sent)
 *
 * No field may hold a space or a line break (the request schema sees to it), so two different batches never share
 * bytes. The batch's hash is SHA-256 of these bytes in lower-case hex; `previousHash` is the hash of the batch with
 * the sequence number before, sixty-four zeros for the first. The signature is ECDSA P-256 with SHA-256 over the
 * same bytes, r and s as 64 raw bytes in base64url without padding.
 */
export const EVENT_BATCH_DOMAIN = "converge-events-v1";
export const DEVICE_DOMAIN = "converge-device-v1";
export const FIRST_PREVIOUS_HASH = "0".repeat(64);

/** The most events one batch may carry. */
export const BATCH_EVENTS_MAX = 500;
/** The most bytes a batch's request body may have. */
export const BATCH_BYTES_MAX = 64 * 1024;
/** How far a sequence number may run ahead of the highest one seen; further ahead is a gap and is refused. */
export const SEQUENCE_AHEAD_MAX = 1024;

export type EventKind = "view" | "scroll" | "dwell";

export type RewardEvent = {
  id: string;
  kind: EventKind;
  itemId: string;
  /** When it happened by the device's clock. It orders events inside a batch; the server's clock decides the rest. */
  atMs: number;
  /** How long the card was looked at, ending at `atMs`. */
  dwellMs?: number | undefined;
  /** How much of the card was scrolled through, 0 to 100. */
  depth?: number | undefined;
};

export type EventBatch = {
  deviceId: string;
  campaignId: string;
  sequence: number;
  previousHash: string;
  events: readonly RewardEvent[];
};

export type SignedEventBatch = EventBatch & { signature: string };

const SIGNING = { name: "ECDSA", hash: "SHA-256" } as const;
const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;

/** The bytes a batch is hashed and signed over. */
export function eventBatchBytes(batch: EventBatch): Uint8Array<ArrayBuffer> {
  const lines = [
    EVENT_BATCH_DOMAIN,
    batch.deviceId,
    batch.campaignId,
    String(batch.sequence),
    batch.previousHash,
    String(batch.events.length),
  ];
  for (const event of batch.events) {
    lines.push(`${event.id} ${event.kind} ${event.itemId} ${event.atMs} ${event.dwellMs ?? "-"} ${event.depth ?? "-"}`);
  }
  return new TextEncoder().encode(lines.join("\n"));
}

/** SHA-256 of a batch's canonical bytes in hex; the next batch names it as `previousHash`. */
export async function hashEventBatch(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return toHex(digest);
}

/** The bytes a new device key signs to show that whoever registers it also holds it. */
export function deviceRegistrationBytes(userId: string, publicKey: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode([DEVICE_DOMAIN, userId, publicKey].join("\n"));
}

/** Makes a device key that cannot leave this machine. `extractable` is for tests that move a key between processes. */
export async function createDeviceKey(extractable = false): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(CURVE, extractable, ["sign", "verify"]);
}

/** The public half as 65 uncompressed bytes in base64url. */
export async function exportDeviceKey(key: CryptoKey): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.exportKey("raw", key)));
}

/** Reads a public key; anything that is not a point of the curve is refused. */
export async function importDeviceKey(publicKey: string): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey("raw", fromBase64Url(publicKey), CURVE, true, ["verify"]);
  } catch (cause) {
    throw new DomainError("DEVICE_KEY_INVALID", { param: "publicKey" }, { cause });
  }
}

/** Signs bytes with a device key. */
export async function signWithDevice(privateKey: CryptoKey, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.sign(SIGNING, privateKey, bytes)));
}

/** Whether `signature` over `bytes` is by the holder of `publicKey`; a malformed signature is simply not one. */
export async function verifyDeviceSignature(
  publicKey: CryptoKey,
  signature: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const raw = fromBase64Url(signature);
  return raw.length === 64 && crypto.subtle.verify(SIGNING, publicKey, raw, bytes);
}

/** Signs a batch; answers it ready to send, with the hash that the next batch has to name. */
export async function signEventBatch(
  privateKey: CryptoKey,
  batch: EventBatch,
): Promise<{ signed: SignedEventBatch; hash: string }> {
  const bytes = eventBatchBytes(batch);
  const [signature, hash] = await Promise.all([signWithDevice(privateKey, bytes), hashEventBatch(bytes)]);
  return { signed: { ...batch, signature }, hash };
}

function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return new Uint8Array(0);
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    // Text of an impossible length decodes to nothing, which no key and no signature is.
    return new Uint8Array(0);
  }
}
