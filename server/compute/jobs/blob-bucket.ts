import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { AwsClient } from "aws4fetch";
import { DomainError } from "#core/errors.ts";

/** A bucket of a store that speaks S3: its address with the bucket, and a prefix where one is wanted. */
export type BucketOptions = { url: string; region: string; keyId: string; secret: string };

const TIMEOUT_MS = 60_000;
const MIB = 1024 * 1024;
/** A store that takes a mebibyte no faster than this stands still. */
const MS_PER_MIB_MAX = 10_000;

export type BlobShelf = {
  /** Puts a finished file under its name; the file may be taken away. */
  keep: (name: string, file: string, bytes: number) => Promise<void>;
  open: (name: string) => Promise<{ body: ReadableStream<Uint8Array>; bytes: number } | null>;
  remove: (name: string) => Promise<void>;
};

/** Keeps files in a bucket. What is there is found by the hash of its content, so writing twice changes nothing. */
export function openBucket({ url, region, keyId, secret }: BucketOptions): BlobShelf {
  // Streams cannot be sent again, so nothing is tried twice here: whoever uploads does that.
  const client = new AwsClient({ accessKeyId: keyId, secretAccessKey: secret, region, service: "s3", retries: 0 });
  const addressOf = (name: string) => `${url.replace(/\/+$/, "")}/${name}`;

  async function call(name: string, init: RequestInit & { duplex?: "half" }, timeoutMs = TIMEOUT_MS) {
    return client
      .fetch(addressOf(name), { ...init, signal: AbortSignal.timeout(timeoutMs) })
      .catch((cause: unknown) => {
        throw new DomainError("UNAVAILABLE", { message: "The store for files does not answer." }, { cause });
      });
  }
  const refused = (status: number) =>
    new DomainError("UNAVAILABLE", { message: `The store for files answered ${status}.` });

  return {
    keep: async (name, file, bytes) => {
      const response = await call(
        name,
        {
          method: "PUT",
          headers: { "content-length": String(bytes), "content-type": "application/octet-stream" },
          body: Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>,
          duplex: "half",
        },
        TIMEOUT_MS + Math.ceil(bytes / MIB) * MS_PER_MIB_MAX,
      );
      await response.body?.cancel();
      if (!response.ok) throw refused(response.status);
    },
    open: async (name) => {
      const response = await call(name, { method: "GET" });
      if (response.status === 404) {
        await response.body?.cancel();
        return null;
      }
      if (!response.ok || !response.body) throw refused(response.status);
      return { body: response.body, bytes: Number(response.headers.get("content-length")) };
    },
    remove: async (name) => {
      const response = await call(name, { method: "DELETE" });
      await response.body?.cancel();
      if (!response.ok && response.status !== 404) throw refused(response.status);
    },
  };
}
