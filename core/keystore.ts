import { scryptAsync } from "@noble/hashes/scrypt";
import { type Address, type Hex, keccak256 } from "viem";
import { bytesToHex, hexToBytes } from "viem/utils";
import { z } from "zod";
import { DomainError } from "./errors.ts";
import { addressOfKey, type OpenKey, type Secret } from "./private-key.ts";

/** What a guess at a password costs: 128 MB and about a second. */
const SCRYPT = { n: 131_072, r: 8, p: 1, dklen: 32 } as const;
/** No keystore that is read may ask for more memory than this: 128 · n · r bytes. */
const SCRYPT_BYTES_MAX = 512 * 1024 * 1024;
/** Nor for more work than this, n · r · p: some ten seconds. */
const SCRYPT_WORK_MAX = 2 ** 23;
/** Rounds of PBKDF2: some ten seconds. */
const PBKDF2_ROUNDS_MAX = 10_000_000;

const hexText = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-fA-F]{${bytes * 2}}$`));
const salt = z.string().regex(/^(?:[0-9a-fA-F]{2}){8,64}$/);
const isPowerOfTwo = (n: number): boolean => Number.isInteger(Math.log2(n));

const scryptSchema = z.object({
  kdf: z.literal("scrypt"),
  kdfparams: z.object({
    dklen: z.literal(32),
    n: z.int().min(2).refine(isPowerOfTwo),
    r: z.int().min(1),
    p: z.int().min(1),
    salt,
  }),
});
const pbkdf2Schema = z.object({
  kdf: z.literal("pbkdf2"),
  kdfparams: z.object({ dklen: z.literal(32), c: z.int().min(1), prf: z.literal("hmac-sha256"), salt }),
});

/** A private key as wallets keep it in a file: Web3 Secret Storage, version 3. */
export const keystoreSchema = z.object({
  version: z.literal(3),
  id: z.string().optional(),
  /** Some wallets leave it out, for privacy, and some write 0x before it. */
  address: z
    .string()
    .regex(/^(?:0x)?[0-9a-fA-F]{40}$/)
    .transform((text) => text.replace(/^0x/, ""))
    .optional(),
  crypto: z
    .object({
      cipher: z.literal("aes-128-ctr"),
      cipherparams: z.object({ iv: hexText(16) }),
      ciphertext: hexText(32),
      mac: hexText(32),
    })
    .and(z.discriminatedUnion("kdf", [scryptSchema, pbkdf2Schema])),
});
export type Keystore = z.output<typeof keystoreSchema>;
type Kdf = z.output<typeof scryptSchema> | z.output<typeof pbkdf2Schema>;

const plain = (hex: Hex): string => hex.slice(2);
const bytesOf = (text: string): Secret => Uint8Array.from(hexToBytes(`0x${text}`));
const random = (length: number): Secret => crypto.getRandomValues(new Uint8Array(length));
const refuse = (param: "keystore" | "password", message: string) =>
  new DomainError("VALIDATION_FAILED", { param, message });

/** What of a file that looks like a keystore is read nowhere here. */
const outlineSchema = z.object({
  version: z.unknown(),
  crypto: z.object({ kdf: z.unknown(), cipher: z.unknown() }).partial().optional(),
});

/** Early wallets wrote "Crypto". */
const lowerCrypto = (value: unknown): unknown =>
  typeof value === "object" && value !== null && "Crypto" in value && !("crypto" in value)
    ? { ...value, crypto: value.Crypto }
    : value;

/** Reads a keystore file, and says what is wrong with one that cannot be. Its password is not asked for yet. */
export function readKeystore(text: string): Keystore {
  let value: unknown;
  try {
    value = lowerCrypto(JSON.parse(text));
  } catch {
    throw refuse("keystore", "This is no keystore: it is not JSON.");
  }
  const parsed = keystoreSchema.safeParse(value);
  if (!parsed.success) throw refuse("keystore", whyUnread(value));
  checkCost(parsed.data.crypto);
  return parsed.data;
}

function whyUnread(value: unknown): string {
  const { data } = outlineSchema.safeParse(value);
  if (!data || data.version === undefined) return "This is no keystore: it names no version.";
  if (data.version !== 3) return "This is a keystore of another version. Version 3 is read, which wallets write today.";
  if (data.crypto?.kdf !== "scrypt" && data.crypto?.kdf !== "pbkdf2")
    return "This keystore makes its key from the password in a way that is not read here: scrypt and pbkdf2 are.";
  if (data.crypto.cipher !== "aes-128-ctr") return "This keystore's cipher is not read here: aes-128-ctr is.";
  return "This keystore is damaged: a part of it is missing or is not what it should be.";
}

/** A file from elsewhere must not take a page's memory or its afternoon. */
function checkCost({ kdf, kdfparams }: Kdf): void {
  const isTooMuch =
    kdf === "scrypt"
      ? 128 * kdfparams.n * kdfparams.r > SCRYPT_BYTES_MAX || kdfparams.n * kdfparams.r * kdfparams.p > SCRYPT_WORK_MAX
      : kdfparams.c > PBKDF2_ROUNDS_MAX;
  if (isTooMuch) throw refuse("keystore", "This keystore asks for more memory or time than a page can give.");
}

async function cipher(key: Secret, iv: Secret, data: Secret): Promise<Secret> {
  const imported = await crypto.subtle.importKey("raw", key, "AES-CTR", false, ["encrypt"]);
  return new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CTR", counter: iv, length: 128 }, imported, data));
}

async function derive(password: Secret, { kdf, kdfparams }: Kdf): Promise<Secret> {
  const salted = bytesOf(kdfparams.salt);
  if (kdf === "scrypt") {
    const { n: N, r, p, dklen: dkLen } = kdfparams;
    return Uint8Array.from(await scryptAsync(password, salted, { N, r, p, dkLen, maxmem: SCRYPT_BYTES_MAX + 1024 }));
  }
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: salted, iterations: kdfparams.c };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 8 * kdfparams.dklen));
}

const macOf = (derived: Secret, ciphertext: Secret): string =>
  plain(keccak256(Uint8Array.from([...derived.slice(16, 32), ...ciphertext])));

const passwordBytes = (password: string): Secret => Uint8Array.from(new TextEncoder().encode(password));

/** Locks a private key up under a password. Runs where the key may be: in its owner's browser. */
export async function lockKey(
  secret: Secret,
  address: Address,
  password: string,
  cost: Omit<z.output<typeof scryptSchema>["kdfparams"], "salt"> = SCRYPT,
): Promise<Keystore> {
  const [iv, kdfparams] = [random(16), { ...cost, salt: plain(bytesToHex(random(32))) }];
  const derived = await derive(passwordBytes(password.normalize("NFKC")), { kdf: "scrypt", kdfparams });
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
      kdfparams,
      mac: macOf(derived, ciphertext),
    },
  };
}

/**
 * Opens a keystore. A wrong password and an altered file are one answer, because they look the same; a key of another
 * address than the file names is not given out.
 */
export async function unlockKey(keystore: Keystore, password: string): Promise<OpenKey> {
  const { cipherparams, ciphertext, mac } = keystore.crypto;
  checkCost(keystore.crypto);
  // Wallets differ in whether they bring a password with accents into one form.
  for (const spelled of new Set([password.normalize("NFKC"), password])) {
    const derived = await derive(passwordBytes(spelled), keystore.crypto);
    if (macOf(derived, bytesOf(ciphertext)) !== mac.toLowerCase()) continue;
    const secret = await cipher(derived.slice(0, 16), bytesOf(cipherparams.iv), bytesOf(ciphertext));
    derived.fill(0);
    const address = addressOfKey(secret);
    if (keystore.address === undefined || plain(address).toLowerCase() === keystore.address.toLowerCase())
      return { secret, address };
    secret.fill(0);
    throw refuse("keystore", "The key in this keystore is of another address than the file says.");
  }
  throw refuse("password", "The password does not open this keystore, or the file was altered.");
}
