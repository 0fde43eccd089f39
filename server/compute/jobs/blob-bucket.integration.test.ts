import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import S3rver from "s3rver";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBucket } from "./blob-bucket.ts";

const BUCKET = "converge-test";
let folder: string;
let server: S3rver;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "converge-bucket-"));
  server = new S3rver({
    port: 0,
    address: "127.0.0.1",
    silent: true,
    directory: join(folder, "store"),
    configureBuckets: [{ name: BUCKET, configs: [] }],
  });
  const { port } = await server.run();
  url = `http://127.0.0.1:${port}/${BUCKET}/blobs`;
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

// The key pair this server knows.
const keys = { region: "us-east-1", keyId: "S3RVER", secret: "S3RVER" };

async function newFile(content: Buffer): Promise<string> {
  const path = join(folder, `file-${randomBytes(6).toString("hex")}`);
  await writeFile(path, content);
  return path;
}

describe("files in a bucket", () => {
  it("come back byte for byte, and are gone when they are removed", async () => {
    const bucket = openBucket({ url, ...keys });
    const content = randomBytes(3 * 1024 * 1024 + 7);
    await bucket.keep("abcdef", await newFile(content), content.length);
    await bucket.keep("abcdef", await newFile(content), content.length);
    const found = await bucket.open("abcdef");
    expect(found?.bytes).toBe(content.length);
    const parts: Uint8Array[] = [];
    for await (const part of found?.body ?? []) parts.push(part);
    expect(Buffer.concat(parts).equals(content)).toBe(true);
    await bucket.remove("abcdef");
    await bucket.remove("abcdef");
    expect(await bucket.open("abcdef")).toBeNull();
  });

  it("are refused under a wrong key, and nobody is told more than that", async () => {
    const bucket = openBucket({ url, ...keys, keyId: "STRANGER" });
    const refusal = { code: "UNAVAILABLE", message: "The store for files answered 403." };
    await expect(bucket.open("abcdef")).rejects.toMatchObject(refusal);
    await expect(bucket.keep("abcdef", await newFile(Buffer.from("x")), 1)).rejects.toMatchObject(refusal);
  });

  it("wait for no store that is away", async () => {
    const bucket = openBucket({ url: "http://127.0.0.1:9/bucket", ...keys });
    await expect(bucket.open("abcdef")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
