import { createCipheriv, createDecipheriv, createECDH, hkdfSync, randomBytes } from "node:crypto";
import { type Hex, hexToBytes, toHex } from "viem";
import type { Purpose, SealedKey } from "#core/sealed-key.ts";

const CURVE = "prime256v1";
const CIPHER = "aes-256-gcm";
const TAG_BYTES = 16;

function keyFrom(shared: Buffer, info: string): Buffer {
  try {
    return Buffer.from(hkdfSync("sha256", shared, Buffer.alloc(0), info, 32));
  } finally {
    shared.fill(0);
  }
}

/** Seals a secret to somebody's public key; nothing of it is left here. */
export function sealTo(recipient: Uint8Array, secret: Uint8Array, { info, boundTo }: Purpose): SealedKey {
  const ephemeral = createECDH(CURVE);
  ephemeral.generateKeys();
  const key = keyFrom(ephemeral.computeSecret(recipient), info);
  const iv = randomBytes(12);
  try {
    const cipher = createCipheriv(CIPHER, key, iv).setAAD(Buffer.from(boundTo));
    const ciphertext = Buffer.concat([cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
    return { ephemeral: toHex(ephemeral.getPublicKey()), iv: toHex(iv), ciphertext: toHex(ciphertext) };
  } finally {
    key.fill(0);
  }
}

/** The public key of a private one, as a point that is not compressed. */
export function publicKeyOf(privateKey: Uint8Array): Hex {
  const mine = createECDH(CURVE);
  mine.setPrivateKey(privateKey);
  return toHex(mine.getPublicKey());
}

/** Opens what was sealed to a private key; throws when it was sealed for anything else. The caller zeroes what it gets. */
export function openSealed(privateKey: Uint8Array, sealed: SealedKey, { info, boundTo }: Purpose): Buffer {
  const mine = createECDH(CURVE);
  mine.setPrivateKey(privateKey);
  const key = keyFrom(mine.computeSecret(hexToBytes(sealed.ephemeral)), info);
  const bytes = hexToBytes(sealed.ciphertext);
  const decipher = createDecipheriv(CIPHER, key, hexToBytes(sealed.iv), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(boundTo))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  const opened = decipher.update(bytes.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
    return opened;
  } catch (error) {
    opened.fill(0);
    throw error;
  } finally {
    key.fill(0);
  }
}
