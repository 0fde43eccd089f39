import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { attestationData } from "../core/attestation.ts";
import { attestationReply, attestationRequest } from "../core/schemas/node-protocol.ts";
import type { NodeParts } from "./serve.ts";

const PROGRAM_MS = 60_000;
const evidence = attestationRequest.omit({ nonce: true });

/** Has this machine's hardware sign for this node and the platform's nonce, and shows it to the platform. */
export async function showEvidence(
  { identity, platform, say }: Pick<NodeParts, "identity" | "platform" | "say">,
  program: string,
  nonce: string,
): Promise<void> {
  const data = await attestationData(identity.publicKey, nonce);
  const { stdout } = await promisify(execFile)(program, [data], { timeout: PROGRAM_MS, maxBuffer: 1_048_576 });
  const message = { ...evidence.parse(JSON.parse(stdout)), nonce };
  const { attestedUntil } = await platform.post("/api/worker/attestation", message, attestationReply, {
    giveUpAfterMs: 30_000,
  });
  say(`The platform took the evidence of a trusted environment; it counts until ${attestedUntil}.`);
}
