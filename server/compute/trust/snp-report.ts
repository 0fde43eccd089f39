import { verify, X509Certificate } from "node:crypto";

/**
 * Attestation reports of AMD SEV-SNP, as the SEV Secure Nested Paging Firmware ABI Specification lays them out: 1,184
 * bytes, little-endian, signed by the chip's own key (VCEK), whose certificate AMD's key for its product line (ASK) signed,
 * and that AMD's root for the line (ARK).
 */
const REPORT_BYTES = 0x4a0;
const SIGNED_BYTES = 0x2a0;
const AT = {
  version: 0x00,
  policy: 0x08,
  algorithm: 0x34,
  reportData: 0x50,
  measurement: 0x90,
  chipId: 0x1a0,
} as const;
const REPORT_DATA_BYTES = 64;
const MEASUREMENT_BYTES = 48;
const CHIP_ID_BYTES = 64;
const VERSION_MIN = 2;
/** ECDSA over P-384 with SHA-384. */
const ALGORITHM = 1;
/** The guest may be debugged from outside: its memory is no secret. */
const DEBUG_BIT = 1n << 19n;
/** Each half of a signature has 72 bytes, of which P-384 uses 48. */
const HALF_BYTES = 72;
const CURVE_BYTES = 48;
const CHAIN_MAX = 4;

export type SnpEvidence = {
  report: Buffer;
  /** The chip's certificate first, then those up to the root or below it; DER. */
  certificates: readonly Buffer[];
};

export type SnpFinding = { ok: true; measurement: string; chipId: string } | { ok: false; reason: string };

const wrong = (reason: string): SnpFinding => ({ ok: false, reason });

/** A half of the signature as Node wants it; null when it is no number of the curve's size. */
function half(bytes: Buffer): Buffer | null {
  if (bytes.subarray(CURVE_BYTES).some((byte) => byte !== 0)) return null;
  return Buffer.from(bytes.subarray(0, CURVE_BYTES)).reverse();
}

function signatureOf(report: Buffer): Buffer | null {
  const r = half(report.subarray(SIGNED_BYTES, SIGNED_BYTES + HALF_BYTES));
  const s = half(report.subarray(SIGNED_BYTES + HALF_BYTES, SIGNED_BYTES + 2 * HALF_BYTES));
  return r && s ? Buffer.concat([r, s]) : null;
}

function readCertificates(certificates: readonly Buffer[]): X509Certificate[] | null {
  try {
    return certificates.map((der) => new X509Certificate(der));
  } catch {
    return null;
  }
}

const isValidAt = (certificate: X509Certificate, now: Date): boolean =>
  certificate.validFromDate <= now && now <= certificate.validToDate;

/** Whether each certificate was signed by the next, and the last by one of the roots that are trusted. */
function isTrusted(chain: readonly X509Certificate[], roots: readonly X509Certificate[], now: Date): boolean {
  return chain.every((certificate, index) => {
    if (!isValidAt(certificate, now)) return false;
    if (roots.some((root) => root.fingerprint256 === certificate.fingerprint256)) return true;
    const next = chain[index + 1];
    const issuers = next ? [next, ...roots] : roots;
    return issuers.some(
      (issuer) =>
        issuer.ca && isValidAt(issuer, now) && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey),
    );
  });
}

/** Checks evidence against the bytes it must carry and the roots the operator trusts. Whatever is not shown is not assumed. */
export function verifySnpReport(
  { report, certificates }: SnpEvidence,
  { reportData, roots, now = new Date() }: { reportData: Buffer; roots: readonly X509Certificate[]; now?: Date },
): SnpFinding {
  if (roots.length === 0) return wrong("The operator trusts no root of such evidence.");
  if (report.length !== REPORT_BYTES) return wrong("The report has another length.");
  if (report.readUInt32LE(AT.version) < VERSION_MIN) return wrong("The report is of a version without these fields.");
  if (report.readUInt32LE(AT.algorithm) !== ALGORITHM) return wrong("The report is signed by another method.");
  if ((report.readBigUInt64LE(AT.policy) & DEBUG_BIT) !== 0n) return wrong("The guest may be debugged from outside.");
  const carried = report.subarray(AT.reportData, AT.reportData + REPORT_DATA_BYTES);
  if (!carried.equals(reportData)) return wrong("The report was made for another node, or another time.");
  if (certificates.length === 0 || certificates.length > CHAIN_MAX) return wrong("The chip's certificate is missing.");
  const chain = readCertificates(certificates);
  const [chip] = chain ?? [];
  if (!chain || !chip) return wrong("A certificate cannot be read.");
  if (!isTrusted(chain, roots, now)) return wrong("The certificates lead to no root that is trusted here.");
  const signature = signatureOf(report);
  const signed = report.subarray(0, SIGNED_BYTES);
  if (!signature || !verify("sha384", signed, { key: chip.publicKey, dsaEncoding: "ieee-p1363" }, signature))
    return wrong("The report is not signed by that chip.");
  return {
    ok: true,
    measurement: report.subarray(AT.measurement, AT.measurement + MEASUREMENT_BYTES).toString("hex"),
    chipId: report.subarray(AT.chipId, AT.chipId + CHIP_ID_BYTES).toString("hex"),
  };
}
