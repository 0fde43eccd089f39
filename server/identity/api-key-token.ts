import { createHash, randomBytes } from "node:crypto";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const SECRET_BYTES = 20;

const toBase32 = (bytes: Uint8Array): string => {
  let bits = 0;
  let value = 0;
  let text = "";
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((value >> bits) & 31);
    }
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET.charAt((value << (5 - bits)) & 31) : text;
};

const checksum = (text: string): string =>
  toBase32(createHash("sha256").update(text).digest().subarray(0, 4)).slice(0, 6);

export const hashApiKey = (token: string): string => createHash("sha256").update(token).digest("hex");

/** A new key: `cvg_test_<public id>_<160-bit secret><checksum>`. Only its hash is ever stored. */
export function createApiKeyToken(mode: "test" | "live"): { token: string; prefix: string; hash: string } {
  const prefix = `cvg_${mode}_${toBase32(randomBytes(5))}`;
  const body = `${prefix}_${toBase32(randomBytes(SECRET_BYTES))}`;
  const token = body + checksum(body);
  return { token, prefix, hash: hashApiKey(token) };
}

/** Whether a text could be a key of ours: a typing error is told from a revoked key without asking the database. */
export function isApiKeyToken(text: string): boolean {
  if (!/^cvg_(?:test|live)_[0-9a-z]{8}_[0-9a-z]{38}$/.test(text)) return false;
  return checksum(text.slice(0, -6)) === text.slice(-6);
}
