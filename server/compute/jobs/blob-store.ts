import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { DomainError } from "#core/errors.ts";
import { env } from "#server/env.ts";
import { type BlobShelf, openBucket } from "./blob-bucket.ts";

const folder = () => join(env.CONVERGE_HOME, "blobs");
const hexOf = (blob: string): string => blob.slice("sha256:".length);

/** Files below a folder, the first two letters of their names apart. */
function openFolder(root: string): BlobShelf {
  const pathOf = (name: string): string => join(root, name.slice(0, 2), name);
  return {
    keep: async (name, file) => {
      await mkdir(join(pathOf(name), ".."), { recursive: true });
      await rename(file, pathOf(name));
    },
    open: async (name) => {
      const there = await stat(pathOf(name)).catch(() => null);
      if (!there) return null;
      const body = Readable.toWeb(createReadStream(pathOf(name))) as ReadableStream<Uint8Array>;
      return { body, bytes: there.size };
    },
    remove: (name) => rm(pathOf(name), { force: true }),
  };
}

let opened: BlobShelf | null = null;
function shelf(): BlobShelf {
  opened ??= env.BLOB_BUCKET ? openBucket(env.BLOB_BUCKET) : openFolder(folder());
  return opened;
}

/**
 * Writes a stream of unknown content and returns its name and size. What is longer than `bytesMax`, or has another hash
 * than `expected`, leaves nothing behind. The bytes are under their name only when all of them are written.
 */
export async function writeBlob(
  source: ReadableStream<Uint8Array>,
  { bytesMax, expected }: { bytesMax: number; expected?: string },
): Promise<{ blob: string; bytes: number }> {
  await mkdir(folder(), { recursive: true });
  const draft = join(folder(), `draft-${randomBytes(12).toString("hex")}`);
  const hash = createHash("sha256");
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > bytesMax) return done(new DomainError("PAYLOAD_TOO_LARGE", { bytesMax }));
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(
      Readable.fromWeb(source as Parameters<typeof Readable.fromWeb>[0]),
      measure,
      createWriteStream(draft, { flush: true, mode: 0o600 }),
    ).catch((cause: unknown) => {
      if (cause instanceof DomainError) throw cause;
      throw new DomainError("BAD_REQUEST", { message: "The body broke off before its end." }, { cause });
    });
    const blob = `sha256:${hash.digest("hex")}`;
    if (expected !== undefined && expected !== blob)
      throw new DomainError("BLOB_HASH_WRONG", { expected, found: blob });
    await shelf().keep(hexOf(blob), draft, bytes);
    return { blob, bytes };
  } finally {
    await rm(draft, { force: true });
  }
}

export async function readBlob(blob: string): Promise<{ body: ReadableStream<Uint8Array>; bytes: number }> {
  const found = await shelf().open(hexOf(blob));
  if (!found) throw new DomainError("BLOB_NOT_FOUND", { blob });
  return found;
}

export const deleteBlob = (blob: string): Promise<void> => shelf().remove(hexOf(blob));
