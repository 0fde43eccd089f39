import type { Hex } from "viem";
import { hexToBytes, toHex } from "viem/utils";
import { SEAL_INFO, type SealedKey } from "#core/key-export.ts";

const CURVE = { name: "ECDH", namedCurve: "P-256" } as const;
type Bytes = Uint8Array<ArrayBuffer>;
const bytesOf = (hex: string): Bytes => Uint8Array.from(hexToBytes(hex as Hex));

/** A key pair of this page alone: what is sealed to it is opened here and nowhere else. */
export async function makeRecipient(): Promise<{ recipient: string; open: (sealed: SealedKey) => Promise<Bytes> }> {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const recipient = toHex(new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)));
  const open = async ({ ephemeral, iv, ciphertext }: SealedKey) => {
    const theirs = await crypto.subtle.importKey("raw", bytesOf(ephemeral), CURVE, false, []);
    const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, privateKey, 256);
    const base = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
    const key = await crypto.subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: new TextEncoder().encode(SEAL_INFO) },
      base,
      { name: "AES-GCM", length: 256 },
      false,
      ["decrypt"],
    );
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytesOf(iv) }, key, bytesOf(ciphertext)));
  };
  return { recipient, open };
}
