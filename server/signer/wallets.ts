import { createPrivateKey, createPublicKey, randomBytes } from "node:crypto";
import { isPrivate, pointFromScalar, signRecoverable } from "tiny-secp256k1";
import type { Address, Hex } from "viem";
import { publicKeyToAddress } from "viem/accounts";
import { hexToBytes, toHex } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { seal, unseal } from "./key-encryption.ts";
import type { KeyRing } from "./key-ring.ts";
import { type Connection, findWallet, insertWallet, type WalletPurpose, type WalletRow } from "./store.ts";

const KEY_VERSION = 1;
/** The fixed DER head of an Ed25519 private key; its 32 secret bytes follow. */
const ED25519_PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

/** What a ciphertext is bound to: moved to another wallet, purpose or version it no longer opens. */
export const boundTo = (
  wallet: { id: string; purpose: WalletPurpose; key_version: number },
  part: "data-key" | "private-key",
) => Buffer.from(JSON.stringify(["converge-signer", wallet.id, wallet.purpose, wallet.key_version, part]));

export function ed25519Key(secret: Uint8Array) {
  const der = Buffer.concat([ED25519_PKCS8_HEAD, secret]);
  try {
    return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  } finally {
    der.fill(0);
  }
}

/** The public name of a secret: an address, or for receipts the Ed25519 public key. */
function publicNameOf(purpose: WalletPurpose, secret: Uint8Array): Hex {
  if (purpose === "receipt") {
    const der = createPublicKey(ed25519Key(secret)).export({ format: "der", type: "spki" });
    return toHex(der.subarray(-32));
  }
  const point = pointFromScalar(secret, false);
  if (!point) throw new Error("This is no secret of secp256k1.");
  return publicKeyToAddress(toHex(point));
}

function makeSecret(purpose: WalletPurpose): Buffer {
  const secret = randomBytes(32);
  // One in 2^128 is no scalar of the curve.
  return purpose === "receipt" || isPrivate(secret) ? secret : makeSecret(purpose);
}

/** Makes a key and its encrypted row. */
export const sealNewWallet = (keys: KeyRing, id: string, purpose: WalletPurpose): Promise<WalletRow> =>
  sealWallet(keys, { id, purpose }, makeSecret(purpose));

/** Encrypts a key as a row, which holds nothing that opens without the key-encryption key, and zeroes the key. */
export async function sealWallet(
  keys: KeyRing,
  { id, purpose }: Pick<WalletRow, "id" | "purpose">,
  secret: Buffer,
): Promise<WalletRow> {
  const dataKey = randomBytes(32);
  const key = keys.newest();
  try {
    const wallet = { id, purpose, key_version: KEY_VERSION };
    return {
      ...wallet,
      address: publicNameOf(purpose, secret),
      key_id: key.keyId,
      wrapped_data_key: await key.wrap(dataKey, boundTo(wallet, "data-key")),
      encrypted_key: seal(dataKey, secret, boundTo(wallet, "private-key")),
      grant_text: null,
      grant_mac: null,
    };
  } finally {
    secret.fill(0);
    dataKey.fill(0);
  }
}

/** Ciphertexts of which it was seen that they hold the secret of the address beside them: that costs as much as a signature. */
const seen = new Map<string, string>();
const SEEN_MAX = 20_000;

function holdsItsAddress(wallet: WalletRow, secret: Uint8Array): boolean {
  const record = `${wallet.address} ${wallet.encrypted_key.toString("base64")}`;
  if (seen.get(wallet.id) === record) return true;
  if (publicNameOf(wallet.purpose, secret) !== wallet.address) return false;
  if (seen.size >= SEEN_MAX) seen.clear();
  seen.set(wallet.id, record);
  return true;
}

/** Lends the secret of a wallet to `use` and zeroes it afterwards. `use` must not keep or return it. */
export async function withSecret<Result>(
  keys: KeyRing,
  wallet: WalletRow,
  use: (secret: Uint8Array) => Result,
): Promise<Result> {
  const altered = (cause?: unknown) => new DomainError("SIGNER_RECORD_ALTERED", { wallet: wallet.id }, { cause });
  let dataKey: Buffer | undefined;
  let secret: Buffer | undefined;
  try {
    try {
      dataKey = await keys.of(wallet.key_id).unwrap(wallet.wrapped_data_key, boundTo(wallet, "data-key"));
      secret = unseal(dataKey, wallet.encrypted_key, boundTo(wallet, "private-key"));
    } catch (cause) {
      throw altered(cause);
    }
    if (!holdsItsAddress(wallet, secret)) throw altered();
    return use(secret);
  } finally {
    dataKey?.fill(0);
    secret?.fill(0);
  }
}

/** An ECDSA signature over a hash that the caller computed itself from what it decided about: deterministic, of low s. */
export function signHash(secret: Uint8Array, hash: Hex): { r: Hex; s: Hex; yParity: 0 | 1 } {
  const { signature, recoveryId } = signRecoverable(hexToBytes(hash), secret);
  return {
    r: toHex(signature.subarray(0, 32)),
    s: toHex(signature.subarray(32)),
    yParity: (recoveryId & 1) === 1 ? 1 : 0,
  };
}

/** A wallet that exists once, such as the operator's, made by the first who asks. */
export async function getOnlyWallet(
  keys: KeyRing,
  connection: Connection,
  purpose: Exclude<WalletPurpose, "agent">,
): Promise<WalletRow> {
  const found = await findWallet(connection, purpose);
  if (found) return found;
  await insertWallet(connection, await sealNewWallet(keys, purpose, purpose), null);
  const made = await findWallet(connection, purpose);
  if (!made) throw new Error(`The ${purpose} wallet was made and is not there.`);
  return made;
}

export const addressOf = (wallet: WalletRow): Address => wallet.address as Address;
