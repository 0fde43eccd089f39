import { createHmac, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { z } from "zod";
import { attestationData } from "#core/attestation.ts";
import { DomainError } from "#core/errors.ts";
import type { attestationRequest } from "#core/schemas/node-protocol.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import { log } from "#server/log.ts";
import type { NodeIdentity } from "../authenticate-node.ts";
import { forgetRentals } from "../jobs/list-rentals.ts";
import { forgetMarket } from "../list-candidates.ts";
import { verifySnpReport } from "./snp-report.ts";

/** A nonce is good for the ten minutes it was made in and the ten after. */
const NONCE_MS = 10 * 60_000;
/** Evidence counts this long; the node shows it anew in time. */
const ATTESTED_HOURS = 24;

const nonceOf = (nodeId: string, slot: number): string =>
  createHmac("sha256", `converge-attestation-nonce-v1:${env.AUTH_SECRET ?? ""}`)
    .update(`${nodeId} ${slot}`)
    .digest("hex");

const slotNow = (): number => Math.floor(Date.now() / NONCE_MS);

/** What a node's evidence must carry if it is made now. Nothing is remembered: any process recognises it. */
export const attestationNonce = (nodeId: string): string => nonceOf(nodeId, slotNow());

let roots: X509Certificate[] | null = null;

/** The certificates the operator trusts, read once. */
function trustedRoots(): X509Certificate[] {
  roots ??= env.ATTESTATION_ROOTS
    ? (
        readFileSync(env.ATTESTATION_ROOTS, "utf8").match(
          /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g,
        ) ?? []
      ).map((pem) => new X509Certificate(pem))
    : [];
  return roots;
}

/** Takes a node's evidence of a trusted environment. What does not hold leaves the node what it was, and says why. */
export async function attestNode(
  node: NodeIdentity,
  input: z.output<typeof attestationRequest>,
): Promise<{ attestedUntil: string }> {
  const slot = slotNow();
  const isFresh = [slot, slot - 1].some((one) => nonceOf(node.nodeId, one) === input.nonce);
  if (!isFresh)
    throw new DomainError("ATTESTATION_REFUSED", { reason: "The nonce is not one of this node's, or old." });
  const reportData = Buffer.from(await attestationData(node.publicKey, input.nonce), "hex");
  const evidence = {
    report: Buffer.from(input.report, "base64"),
    certificates: input.certificates.map((text) => Buffer.from(text, "base64")),
  };
  const finding = verifySnpReport(evidence, { reportData, roots: trustedRoots() });
  if (!finding.ok) throw new DomainError("ATTESTATION_REFUSED", { reason: finding.reason });
  const attestedUntil = new Date(Date.now() + ATTESTED_HOURS * 3_600_000);
  await db.computeNode.updateMany({
    where: { id: node.nodeId },
    data: { attestedUntil, attestedAs: input.kind, measurement: finding.measurement, chipId: finding.chipId },
  });
  log.info({ event: "node.attested", nodeId: node.nodeId, measurement: finding.measurement });
  forgetMarket();
  forgetRentals();
  return { attestedUntil: attestedUntil.toISOString() };
}
