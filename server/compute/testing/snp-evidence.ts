import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** Evidence as a chip of AMD's would give it, under authorities that are made here. */
const DAY_MS = 86_400_000;

/** One value of DER: its tag, its length, its content. */
function der(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const length =
    body.length < 0x80
      ? Buffer.from([body.length])
      : body.length < 0x100
        ? Buffer.from([0x81, body.length])
        : Buffer.from([0x82, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), length, body]);
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts);
const nameOf = (name: string): Buffer =>
  sequence(der(0x31, sequence(der(0x06, Buffer.from([0x55, 0x04, 0x03])), der(0x0c, Buffer.from(name)))));
const timeOf = (at: Date): Buffer =>
  der(0x17, Buffer.from(`${at.toISOString().replaceAll(/[-:T]/g, "").slice(2, 14)}Z`));
/** ECDSA with SHA-384. */
const ALGORITHM = sequence(der(0x06, Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03])));
/** Basic constraints, critical: this key may sign certificates. */
const AUTHORITY = der(
  0xa3,
  sequence(
    sequence(
      der(0x06, Buffer.from([0x55, 0x1d, 0x13])),
      der(0x01, Buffer.from([0xff])),
      der(0x04, sequence(der(0x01, Buffer.from([0xff])))),
    ),
  ),
);

export type Authority = { name: string; certificate: Buffer; privateKey: KeyObject };

/** A certificate by an authority, or one of its own. */
export function issue(name: string, by: Authority | null): Authority {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    ALGORITHM,
    nameOf(by?.name ?? name),
    sequence(timeOf(new Date(Date.now() - DAY_MS)), timeOf(new Date(Date.now() + 30 * DAY_MS))),
    nameOf(name),
    publicKey.export({ format: "der", type: "spki" }),
    ...(name === "VCEK" ? [] : [AUTHORITY]),
  );
  const signature = sign("sha384", body, by?.privateKey ?? privateKey);
  return { name, privateKey, certificate: sequence(body, ALGORITHM, der(0x03, Buffer.from([0]), signature)) };
}

/** A report as a chip would sign it. */
export function reportBy(
  chip: Authority,
  reportData: Buffer,
  change: (report: Buffer) => void = () => undefined,
): Buffer {
  const report = Buffer.alloc(0x4a0);
  report.writeUInt32LE(2, 0x00);
  report.writeBigUInt64LE(0x30000n, 0x08);
  report.writeUInt32LE(1, 0x34);
  reportData.copy(report, 0x50);
  report.fill(0xab, 0x90, 0xc0);
  report.fill(0xcd, 0x1a0, 0x1e0);
  change(report);
  const signature = sign("sha384", report.subarray(0, 0x2a0), { key: chip.privateKey, dsaEncoding: "ieee-p1363" });
  Buffer.from(signature.subarray(0, 48)).reverse().copy(report, 0x2a0);
  Buffer.from(signature.subarray(48))
    .reverse()
    .copy(report, 0x2a0 + 72);
  return report;
}
