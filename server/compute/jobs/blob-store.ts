import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { DomainError } from "#core/errors.ts";
import { env } from "#server/env.ts";

const folder = () => join(env.CONVERGE_HOME, "blobs");
const hexOf = (blob: string): string => blob.slice("sha256:".length);
const pathOf = (blob: string): string => join(folder(), hexOf(blob).slice(0, 2), hexOf(blob));

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
    );
    const blob = `sha256:${hash.digest("hex")}`;
    if (expected !== undefined && expected !== blob)
      throw new DomainError("BLOB_HASH_WRONG", { expected, found: blob });
    await mkdir(join(pathOf(blob), ".."), { recursive: true });
    await rename(draft, pathOf(blob));
    return { blob, bytes };
  } catch (error) {
    await rm(draft, { force: true });
    if (error instanceof DomainError) throw error;
    throw new DomainError("BAD_REQUEST", { message: "The body broke off before its end." }, { cause: error });
  }
}

export async function readBlob(blob: string): Promise<{ body: ReadableStream<Uint8Array>; bytes: number }> {
  const { size } = await stat(pathOf(blob)).catch((cause: unknown) => {
    throw new DomainError("BLOB_NOT_FOUND", { blob }, { cause });
  });
  return { body: Readable.toWeb(createReadStream(pathOf(blob))) as ReadableStream<Uint8Array>, bytes: size };
}

export const deleteBlob = (blob: string): Promise<void> => rm(pathOf(blob), { force: true });
