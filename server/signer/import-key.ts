import { hkdfSync } from "node:crypto";
import { mapHashToField } from "@noble/curves/abstract/modular";
import { p256 } from "@noble/curves/nist";
import { isAddressEqual } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { IMPORT_SECONDS, type ImportFor, importPurpose } from "#core/key-import.ts";
import { addressOfKey } from "#core/private-key.ts";
import type { SignerInput, SignerOutput } from "#core/schemas/signer.ts";
import type { KeyEncryption } from "./key-encryption.ts";
import type { KeyRing } from "./key-ring.ts";
import { openSealed, publicKeyOf } from "./sealed-key.ts";

type ImportedKey = NonNullable<SignerInput<"createAgentWallet">["imported"]>;

/** More bytes than the curve's order has, so that what is left of them is even over it. */
const SEED_BYTES = 48;

/**
 * The private half of the key pair that one agent's key is sealed to.
 *
 * It is derived and kept nowhere: every signer with this key-encryption key has it, also after a restart, and has
 * another for every agent, account and time. No grant has such a code: a grant's text is an object, this is a list.
 */
async function importPrivateKey(key: KeyEncryption, wanted: ImportFor): Promise<Uint8Array> {
  const { agentId, account, chainId, expiresAt } = wanted;
  const label = ["converge-signer", "key-import", agentId, account.toLowerCase(), chainId, expiresAt];
  const code = await key.authenticate(JSON.stringify(label));
  const seed = Buffer.from(hkdfSync("sha256", code, Buffer.alloc(0), "converge key import pair", SEED_BYTES));
  try {
    return mapHashToField(seed, p256.CURVE.n);
  } finally {
    code.fill(0);
    seed.fill(0);
  }
}

/** The public key that a key for this agent is sealed to, for ten minutes. */
export async function getImportKey(
  keys: KeyRing,
  input: SignerInput<"getImportKey">,
): Promise<SignerOutput<"getImportKey">> {
  const key = keys.newest();
  const expiresAt = Math.floor(Date.now() / 1_000) + IMPORT_SECONDS;
  const privateKey = await importPrivateKey(key, { ...input, expiresAt });
  try {
    return { keyId: key.keyId, recipient: publicKeyOf(privateKey), expiresAt };
  } finally {
    privateKey.fill(0);
  }
}

/**
 * Opens a key that was sealed for an agent: in time, for exactly this agent and account, and of the address that was
 * said. The caller zeroes what it gets.
 */
export async function openImportedKey(
  keys: KeyRing,
  { agentId, account, chainId, imported }: Omit<ImportFor, "expiresAt"> & { imported: ImportedKey },
): Promise<Buffer> {
  const { keyId, expiresAt, address, sealed } = imported;
  // After a rotation of the key-encryption key the pair of before is gone.
  if (expiresAt <= Date.now() / 1_000 || !keys.has(keyId)) throw new DomainError("KEY_IMPORT_OVER");
  const wanted = { agentId, account, chainId, expiresAt };
  const privateKey = await importPrivateKey(keys.of(keyId), wanted);
  let secret: Buffer;
  try {
    secret = openSealed(privateKey, sealed, importPurpose(wanted, address));
  } catch (cause) {
    throw new DomainError("KEY_SEAL_BROKEN", { param: "importedKey" }, { cause });
  } finally {
    privateKey.fill(0);
  }
  try {
    if (!isAddressEqual(addressOfKey(secret), address))
      throw new DomainError("KEY_ADDRESS_WRONG", { param: "importedKey" });
    return secret;
  } catch (error) {
    secret.fill(0);
    throw error;
  }
}
