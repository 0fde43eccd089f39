import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { DomainError } from "#core/errors.ts";
import { env } from "#server/env.ts";

/**
 * A direct node's own key, at rest: AES-256-GCM under a key drawn from the installation's secret and bound to the node,
 * so that a copy of the database opens no node.
 */
const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

function sealingKey(): Buffer {
  if (!env.AUTH_SECRET) throw new DomainError("UNAVAILABLE", { message: "AUTH_SECRET is not set on this process." });
  return Buffer.from(hkdfSync("sha256", env.AUTH_SECRET, "", "converge-direct-node-key-v1", 32));
}

export function sealKey(nodeId: string, key: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, sealingKey(), nonce).setAAD(Buffer.from(nodeId));
  const sealed = Buffer.concat([cipher.update(key, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64");
}

export function openKey(nodeId: string, sealed: string): string {
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv(ALGORITHM, sealingKey(), bytes.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(nodeId))
    .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString("utf8");
}
