import { createHash, X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { type Authority, issue, reportBy } from "../testing/snp-evidence.ts";
import { type SnpEvidence, verifySnpReport } from "./snp-report.ts";

const reportData = createHash("sha512").update("this node, now").digest();
const DAY_MS = 86_400_000;

let root: Authority;
let line: Authority;
let chip: Authority;
let roots: X509Certificate[];
let good: SnpEvidence;

beforeAll(() => {
  root = issue("ARK", null);
  line = issue("ASK", root);
  chip = issue("VCEK", line);
  roots = [new X509Certificate(root.certificate)];
  good = { report: reportBy(chip, reportData), certificates: [chip.certificate, line.certificate] };
});

const reasonOf = (evidence: SnpEvidence, trusted = roots, now = new Date()): string => {
  const finding = verifySnpReport(evidence, { reportData, roots: trusted, now });
  return finding.ok ? "none" : finding.reason;
};

describe("an SNP report", () => {
  it("that a trusted chip signed for this node now tells what runs there", () => {
    expect(verifySnpReport(good, { reportData, roots })).toEqual({
      ok: true,
      measurement: "ab".repeat(48),
      chipId: "cd".repeat(64),
    });
    expect(reasonOf({ ...good, certificates: [...good.certificates, root.certificate] })).toBe("none");
  });

  it("is refused with any one bit of what is signed, or of the signature, turned", () => {
    for (let at = 0; at < 0x2a0 + 48; at += 7) {
      const report = Buffer.from(good.report);
      report[at] = (report[at] ?? 0) ^ 1;
      expect(reasonOf({ ...good, report }), `byte ${at}`).not.toBe("none");
    }
  });

  it("is refused when it was made for another node or another time", () => {
    const other = createHash("sha512").update("that node, then").digest();
    expect(verifySnpReport(good, { reportData: other, roots })).toMatchObject({ ok: false });
  });

  it("is refused when no root is trusted, the chain leads elsewhere, has a gap or is over", () => {
    expect(reasonOf(good, [])).toMatch(/trusts no root/);
    const stranger = issue("ARK", null);
    expect(reasonOf(good, [new X509Certificate(stranger.certificate)])).toMatch(/no root that is trusted/);
    expect(reasonOf({ ...good, certificates: [chip.certificate] })).toMatch(/no root that is trusted/);
    expect(reasonOf({ ...good, certificates: [] })).toMatch(/missing/);
    expect(reasonOf({ ...good, certificates: [Buffer.from("no certificate")] })).toMatch(/cannot be read/);
    expect(reasonOf(good, roots, new Date(Date.now() + 40 * DAY_MS))).toMatch(/no root that is trusted/);
  });

  it("is refused when a chip's own certificate signed another", () => {
    const made = issue("VCEK", chip);
    const report = reportBy(made, reportData);
    expect(reasonOf({ report, certificates: [made.certificate, chip.certificate, line.certificate] })).toMatch(
      /no root/,
    );
  });

  it("is refused of a guest that may be debugged, though its chip signed it", () => {
    const report = reportBy(chip, reportData, (bytes) => bytes.writeBigUInt64LE(0x30000n | (1n << 19n), 0x08));
    expect(reasonOf({ ...good, report })).toMatch(/debugged/);
  });

  it("is refused when it is garbage, and nothing is thrown", () => {
    for (const report of [Buffer.alloc(0), Buffer.alloc(10), Buffer.alloc(0x4a0), Buffer.alloc(0x4a0, 0xff)])
      expect(reasonOf({ ...good, report })).not.toBe("none");
  });

  it("is refused of another chip that is as trusted", () => {
    const other = issue("VCEK", line);
    expect(reasonOf({ report: good.report, certificates: [other.certificate, line.certificate] })).toMatch(
      /not signed by that chip/,
    );
  });
});
