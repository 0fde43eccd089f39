import { writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { afterAll, describe, expect, it, vi } from "vitest";
import { attestationData } from "#core/attestation.ts";
import { newId } from "#core/ids.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { listRentals } from "../jobs/list-rentals.ts";
import { saveRental } from "../jobs/save-rental.ts";
import { readCandidates } from "../list-candidates.ts";
import { misfit } from "../rank-offers.ts";
import { putPaperNode } from "../testing/paper-node.ts";
import { issue, reportBy } from "../testing/snp-evidence.ts";
import { attestationNonce, attestNode } from "./attest-node.ts";

const { file } = vi.hoisted(() => {
  const path = `/tmp/converge-roots-${process.pid}.pem`;
  process.env.ATTESTATION_ROOTS = path;
  return { file: path };
});

const root = issue("ARK", null);
const line = issue("ASK", root);
const chip = issue("VCEK", line);
const pem = `-----BEGIN CERTIFICATE-----\n${root.certificate.toString("base64")}\n-----END CERTIFICATE-----\n`;
writeFileSync(file, pem);

afterAll(async () => {
  await rm(file, { force: true });
  await db.$disconnect();
  await pool.end();
});

const model = `attested/${newId("model").slice(-8)}`;

async function newNode() {
  const ownerId = newId("user");
  await db.user.create({ data: { id: ownerId, name: "Attested", roles: ["user", "provider"] } });
  const nodeId = await putPaperNode(ownerId, model);
  return { nodeId, ownerId, publicKey: nodeId };
}

async function evidenceFor(node: Awaited<ReturnType<typeof newNode>>, nonce = attestationNonce(node.nodeId)) {
  const data = Buffer.from(await attestationData(node.publicKey, nonce), "hex");
  return {
    kind: "sev-snp" as const,
    nonce,
    report: reportBy(chip, data).toString("base64"),
    certificates: [chip, line].map(({ certificate }) => certificate.toString("base64")),
  };
}

describe("evidence of a trusted environment", () => {
  it("makes its node one that may be asked for, as long as it counts", async () => {
    const node = await newNode();
    await saveRental(sqlOf(pool), node.nodeId, {
      runners: ["bubblewrap"],
      cpuCores: 1,
      memoryMb: 64,
      diskMb: 16,
      gpus: [],
      allowsNetwork: false,
      hasImages: false,
      pricePerCoreHour: "1",
      pricePerGpuHour: "1",
      region: null,
      jobsMax: 1,
    });
    const fits = async () => {
      const candidate = (await readCandidates(model)).find(({ nodeId }) => nodeId === node.nodeId);
      const [rental] = await listRentals(sqlOf(pool), [node.nodeId]);
      const isFit = candidate !== undefined && misfit(candidate, ["chat"], { attested_only: true }) === null;
      return [isFit, rental?.isAttested];
    };
    expect(await fits()).toEqual([false, false]);
    await attestNode(node, await evidenceFor(node));
    expect(await fits()).toEqual([true, true]);
    await pool.query("UPDATE compute_node SET attested_until = now() - interval '1 second' WHERE id = $1", [
      node.nodeId,
    ]);
    expect(await fits()).toEqual([false, false]);
  });

  it("speaks for no other node, and for no other time", async () => {
    const [node, other] = [await newNode(), await newNode()];
    const evidence = await evidenceFor(node);
    await expect(attestNode(other, evidence)).rejects.toMatchObject({ code: "ATTESTATION_REFUSED" });
    const stolen = { ...evidence, nonce: attestationNonce(other.nodeId) };
    await expect(attestNode(other, stolen)).rejects.toMatchObject({
      details: { reason: "The report was made for another node, or another time." },
    });
    const old = await evidenceFor(node, "ab".repeat(32));
    await expect(attestNode(node, old)).rejects.toMatchObject({ code: "ATTESTATION_REFUSED" });
  });
});
