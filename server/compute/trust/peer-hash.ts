import { createHmac } from "node:crypto";
import { env } from "#server/env.ts";

/** An address as a keyed hash: enough to see that two nodes are heard from one place, and nothing to look anybody up by. */
export const hashPeer = (address: string): string =>
  createHmac("sha256", `converge-node-peer-v1:${env.AUTH_SECRET ?? ""}`)
    .update(address)
    .digest("base64url");
