import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { fromBase64, toBase64 } from "../core/node-signature.ts";
import { UsageError } from "./options.ts";

const stored = z.object({
  publicKey: z.string(),
  privateKey: z.string(),
  url: z.string().nullable(),
  nodeId: z.string().nullable(),
});

/** Who this node is: its key, and the id it was given where it joined. */
export type Identity = {
  publicKey: string;
  privateKey: CryptoKey;
  /** The id at this platform, or null before joining. */
  nodeIdAt: (url: string) => string | null;
  remember: (url: string, nodeId: string) => Promise<void>;
};

/** Reads the identity of a state folder, or makes one. The key never leaves the folder. */
export async function loadIdentity(stateDir: string): Promise<Identity> {
  const file = join(stateDir, "identity.json");
  const state = (await readState(file)) ?? (await createState(stateDir));
  const privateKey = await crypto.subtle.importKey("pkcs8", fromBase64(state.privateKey), "Ed25519", false, ["sign"]);
  return {
    publicKey: state.publicKey,
    privateKey,
    nodeIdAt: (url) => (state.url === url ? state.nodeId : null),
    remember: async (url, nodeId) => {
      state.url = url;
      state.nodeId = nodeId;
      await writeState(file, state);
    },
  };
}

async function readState(file: string): Promise<z.output<typeof stored> | null> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new UsageError(`The identity in ${file} cannot be read: ${error.message}`, { cause: error });
  });
  if (text === null) return null;
  try {
    return stored.parse(JSON.parse(text));
  } catch (cause) {
    throw new UsageError(`${file} is damaged. Restore it, or remove it and join again with a new token.`, { cause });
  }
}

/** A new key. It is written when the platform knows it, so a folder with an identity is one that has joined. */
async function createState(stateDir: string): Promise<z.output<typeof stored>> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("Ed25519 keys come in pairs");
  await mkdir(stateDir, { recursive: true, mode: 0o700 }).catch((cause: Error) => {
    throw new UsageError(`The state folder ${stateDir} cannot be made: ${cause.message}`, { cause });
  });
  return {
    publicKey: toBase64(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey))),
    privateKey: toBase64(new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey))),
    url: null,
    nodeId: null,
  };
}

/** Written beside and renamed, so that a crash leaves the old file or the new one. */
async function writeState(file: string, state: z.output<typeof stored>): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
