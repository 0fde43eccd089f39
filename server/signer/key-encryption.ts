import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { link, open, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/** What protects data keys. A file here; a key management service implements the same three verbs. */
export type KeyEncryption = {
  /** Recognises the key without revealing it. */
  readonly keyId: string;
  wrap(dataKey: Uint8Array, boundTo: Uint8Array): Promise<Buffer>;
  /** The caller zeroes what it gets. */
  unwrap(wrapped: Uint8Array, boundTo: Uint8Array): Promise<Buffer>;
  /** A code over a record that only a holder of the key can make. */
  authenticate(record: string): Promise<Buffer>;
};

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM as nonce, tag, ciphertext. `boundTo` is authenticated, so a ciphertext opens only where it belongs. */
export function seal(key: Uint8Array, plaintext: Uint8Array, boundTo: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(boundTo);
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** Opens what `seal` made; throws when the key, the text or what it is bound to is another. */
export function unseal(key: Uint8Array, sealed: Uint8Array, boundTo: Uint8Array): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(boundTo)
    .setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
}

/** Makes a key in a file, unless the file is there. */
export async function createKeyFile(path: string): Promise<void> {
  const draft = join(dirname(path), `draft-${randomBytes(6).toString("hex")}`);
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(randomBytes(KEY_BYTES));
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    // A link fails when the file exists, so that two first starts cannot replace each other's key.
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function readKeyFile(path: string): Promise<Buffer> {
  const { mode } = await stat(path);
  if (process.platform !== "win32" && (mode & 0o077) !== 0) {
    throw new Error(`The key-encryption key ${path} can be read by others. Run: chmod 600 ${path}`);
  }
  const key = await readFile(path);
  if (key.length !== KEY_BYTES) {
    throw new Error(`The key-encryption key ${path} is damaged: it has ${key.length} bytes instead of ${KEY_BYTES}.`);
  }
  return key;
}

/** Opens the key in a file; null when there is no such file. */
export async function openKeyFile(path: string): Promise<KeyEncryption | null> {
  if (!(await stat(path).catch(() => null))) return null;
  const key = await readKeyFile(path);
  const recordKey = Buffer.from(hkdfSync("sha256", key, "converge-signer", "records", 32));
  const identity = Buffer.from(hkdfSync("sha256", key, "converge-signer", "key-id", 32));
  return {
    keyId: createHash("sha256").update(identity).digest("hex").slice(0, 16),
    wrap: async (dataKey, boundTo) => seal(key, dataKey, boundTo),
    unwrap: async (wrapped, boundTo) => unseal(key, wrapped, boundTo),
    authenticate: async (record) => createHmac("sha256", recordKey).update(record).digest(),
  };
}
