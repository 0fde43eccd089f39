import type { Hex } from "viem";
import { hexToBytes, toHex } from "viem/utils";

/** A secret that only the holder of a private key opens: ECDH on P-256, HKDF-SHA-256, AES-256-GCM. */
export type SealedKey = { ephemeral: Hex; iv: Hex; ciphertext: Hex };
/** What a seal is for. What was sealed for one purpose, or bound to one thing, opens for no other. */
export type Purpose = { info: string; boundTo: string };

const CURVE = { name: "ECDH", namedCurve: "P-256" } as const;
type Bytes = Uint8Array<ArrayBuffer>;
const bytesOf = (hex: Hex): Bytes => Uint8Array.from(hexToBytes(hex));
const textBytes = (text: string): Bytes => Uint8Array.from(new TextEncoder().encode(text));
const importPoint = (point: Hex) => crypto.subtle.importKey("raw", bytesOf(point), CURVE, false, []);

async function sharedKey(mine: CryptoKey, theirs: CryptoKey, info: string): Promise<CryptoKey> {
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, mine, 256);
  const base = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: textBytes(info) },
    base,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

const sealing = (iv: Bytes, { boundTo }: Purpose) => ({ name: "AES-GCM", iv, additionalData: textBytes(boundTo) });

/** A key pair of this page alone: what is sealed to it is opened here and nowhere else. */
export async function makeRecipient(
  purpose: Purpose,
): Promise<{ recipient: Hex; open: (sealed: SealedKey) => Promise<Bytes> }> {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const recipient = toHex(new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)));
  const open = async ({ ephemeral, iv, ciphertext }: SealedKey) => {
    const key = await sharedKey(privateKey, await importPoint(ephemeral), purpose.info);
    return new Uint8Array(await crypto.subtle.decrypt(sealing(bytesOf(iv), purpose), key, bytesOf(ciphertext)));
  };
  return { recipient, open };
}

/** Seals a secret to somebody's public key. */
export async function sealKey(secret: Bytes, recipient: Hex, purpose: Purpose): Promise<SealedKey> {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const key = await sharedKey(privateKey, await importPoint(recipient), purpose.info);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return {
    ephemeral: toHex(new Uint8Array(await crypto.subtle.exportKey("raw", publicKey))),
    iv: toHex(iv),
    ciphertext: toHex(new Uint8Array(await crypto.subtle.encrypt(sealing(iv, purpose), key, secret))),
  };
}
