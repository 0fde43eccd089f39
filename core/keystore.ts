import { scryptAsync } from "@noble/hashes/scrypt";
import { type Address, type Hex, keccak256 } from "viem";
import { bytesToHex, hexToBytes } from "viem/utils";
import { z } from "zod";
import { DomainError } from "./errors.ts";

/** What a guess at a password costs: 128 MB and about a second. */
const SCRYPT = { n: 131_072, r: 8, p: 1, dklen: 32 } as const;
/** No keystore that is read may ask for more memory than this: 128 · n · r bytes. */
const SCRYPT_BYTES_MAX = 512 * 1024 * 1024;

const hexText = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-fA-F]{${bytes * 2}}$`));

/** A private key as wallets keep it in a file: Web3 Secret Storage, version 3. */
export const keystoreSchema = z.object({
  version: z.literal(3),
  id: z.string(),
  address: hexText(20),
  crypto: z.object({
    cipher: z.literal("aes-128-ctr"),
    cipherparams: z.object({ iv: hexText(16) }),
    ciphertext: hexText(32),
    kdf: z.literal("scrypt"),
    kdfparams: z.object({
      dklen: z.literal(32),
      n: z.int().min(2),
      r: z.int().min(1),
      p: z.int().min(1).max(16),
      salt: z.string().regex(/^(?:[0-9a-fA-F]{2}){8,64}$/),
    }),
    mac: hexText(32),
  }),
});
export type Keystore = z.output<typeof keystoreSchema>;

type Bytes = Uint8Array<ArrayBuffer>;
const plain = (hex: Hex): string => hex.slice(2);
const bytesOf = (text: string): Bytes => Uint8Array.from(hexToBytes(`0x${text}`));
const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));

async function cipher(key: Bytes, iv: Bytes, data: Bytes): Promise<Bytes> {
  const imported = await crypto.subtle.importKey("raw", key, "AES-CTR", false, ["encrypt"]);
  return new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CTR", counter: iv, length: 128 }, imported, data));
}

const derive = async (
  password: string,
  salt: Bytes,
  { n, r, p, dklen }: typeof SCRYPT | Keystore["crypto"]["kdfparams"],
) =>
  Uint8Array.from(
    await scryptAsync(password.normalize("NFKC"), salt, { N: n, r, p, dkLen: dklen, maxmem: SCRYPT_BYTES_MAX + 1024 }),
  );

const macOf = (derived: Bytes, ciphertext: Bytes): string =>
  plain(keccak256(Uint8Array.from([...derived.slice(16, 32), ...ciphertext])));

/** Locks a private key up under a password. Runs where the key may be: in its owner's browser. */
export async function lockKey(secret: Bytes, address: Address, password: string, cost = SCRYPT): Promise<Keystore> {
  const [salt, iv] = [random(32), random(16)];
  const derived = await derive(password, salt, cost);
  const ciphertext = await cipher(derived.slice(0, 16), iv, secret);
  return {
    version: 3,
    id: crypto.randomUUID(),
    address: plain(address).toLowerCase(),
    crypto: {
      cipher: "aes-128-ctr",
      cipherparams: { iv: plain(bytesToHex(iv)) },
      ciphertext: plain(bytesToHex(ciphertext)),
      kdf: "scrypt",
      kdfparams: { ...cost, salt: plain(bytesToHex(salt)) },
      mac: macOf(derived, ciphertext),
    },
  };
}

/** Opens a keystore; a wrong password and an altered file are one answer. */
export async function unlockKey(keystore: Keystore, password: string): Promise<Bytes> {
  const { kdfparams, cipherparams, ciphertext, mac } = keystore.crypto;
  if (128 * kdfparams.n * kdfparams.r > SCRYPT_BYTES_MAX)
    throw new DomainError("VALIDATION_FAILED", {
      param: "keystore",
      message: "This keystore asks for too much memory.",
    });
  const derived = await derive(password, bytesOf(kdfparams.salt), kdfparams);
  if (macOf(derived, bytesOf(ciphertext)) !== mac.toLowerCase())
    throw new DomainError("VALIDATION_FAILED", {
      param: "password",
      message: "The password does not open this keystore.",
    });
  return cipher(derived.slice(0, 16), bytesOf(cipherparams.iv), bytesOf(ciphertext));
}
