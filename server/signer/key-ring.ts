import { chmod, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { createKeyFile, type KeyEncryption, openKeyFile } from "./key-encryption.ts";

/** The key-encryption keys there are: one, and while wallets are being rotated from one to the next, two. */
export type KeyRing = {
  /** What everything new is stored under. */
  newest(): KeyEncryption;
  /** The key of that id; throws when there is none. */
  of(keyId: string): KeyEncryption;
  has(keyId: string): boolean;
  /** Takes up a next key that was laid beside the current one. */
  reload(): Promise<void>;
  /** Whether wallets may still be under an older key. */
  isRotating(): boolean;
  /** Puts the next key in the current one's place and the current one aside. No wallet may be under it any more. */
  finishRotation(): Promise<void>;
};

export const keyFolder = (home: string): string => join(home, "signer");
const currentPath = (home: string): string => join(keyFolder(home), "kek");
export const nextPath = (home: string): string => join(keyFolder(home), "kek.next");

/** Opens the keys in `home/signer`; the first is made at the first start. */
export async function openKeyRing(home: string): Promise<KeyRing> {
  await mkdir(keyFolder(home), { recursive: true, mode: 0o700 });
  await chmod(keyFolder(home), 0o700);
  let next = await openKeyFile(nextPath(home));
  let found = await openKeyFile(currentPath(home));
  if (!found && next) {
    // The last rotation came to its end and was cut off between its two renames.
    await rename(nextPath(home), currentPath(home));
    found = next;
    next = null;
  }
  if (!found) await createKeyFile(currentPath(home));
  let current = found ?? (await openKeyFile(currentPath(home)));
  if (!current) throw new Error("The key-encryption key was made and is not there.");
  /** Requests under way may still hold a row of before. */
  const retired = new Map<string, KeyEncryption>();

  const ring: KeyRing = {
    newest: () => next ?? (current as KeyEncryption),
    of(keyId) {
      const key = [next, current, retired.get(keyId)].find((one) => one?.keyId === keyId);
      if (!key) throw new Error(`There is no key-encryption key ${keyId}.`);
      return key;
    },
    has: (keyId) => next?.keyId === keyId || current?.keyId === keyId,
    async reload() {
      next ??= await openKeyFile(nextPath(home));
    },
    isRotating: () => next !== null,
    async finishRotation() {
      if (!next || !current) return;
      await rename(currentPath(home), join(keyFolder(home), `kek.retired-${current.keyId}`));
      await rename(nextPath(home), currentPath(home));
      retired.set(current.keyId, current);
      current = next;
      next = null;
    },
  };
  return ring;
}
