import { BlockList, isIP } from "node:net";
import { join, resolve } from "node:path";
import { z } from "zod";

const flag = z.enum(["0", "1", "true", "false"]).transform((value) => value === "1" || value === "true");

/** Adds `address` or `address/bits` to the ranges; answers what is wrong with it, or null. */
function addRange(ranges: BlockList, text: string): string | null {
  const [address = "", bits, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return `"${text}" is not an address or a range such as 10.0.0.0/8.`;
  const family = version === 4 ? "ipv4" : "ipv6";
  const bitsMax = version === 4 ? 32 : 128;
  if (bits === undefined) ranges.addAddress(address, family);
  else if (!/^\d{1,3}$/.test(bits) || Number(bits) > bitsMax)
    return `"${text}" needs 1 to ${bitsMax} bits after the slash.`;
  // Trusting everybody would let anybody choose the address they are counted by.
  else if (Number(bits) === 0) return `"${text}" is everybody.`;
  else ranges.addSubnet(address, Number(bits), family);
  return null;
}

const addressRanges = z.string().transform((text, context) => {
  const ranges = new BlockList();
  for (const entry of text.split(",")) {
    const problem = entry.trim() === "" ? null : addRange(ranges, entry.trim());
    if (problem) context.addIssue({ code: "custom", message: problem });
  }
  return ranges;
});

const seconds = z.coerce
  .number()
  .int()
  .min(0)
  .max(365 * 86_400);
const baseUnits = z
  .string()
  .regex(/^\d{1,18}$/, "is a whole number of base units (a dollar has 1000000)")
  .transform(BigInt);

/** Every variable Converge reads. `.env.example` explains each; none has to be set for `npm start`. */
const schema = z.object({
  NODE_ENV: z.enum(["development", "production", "test"]).default("development"),
  PORT: z.coerce.number().int().min(1).max(65535).default(3000),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).default("postgresql://127.0.0.1:5432/converge"),
  DATABASE_POOL_MAX: z.coerce.number().int().min(1).max(200).default(10),
  CHAIN_RPC_URL: z.url({ protocol: /^https?$/ }).default("http://127.0.0.1:8545"),
  CHAIN_ID: z.coerce.number().int().positive().default(31337),
  CHAIN_CONFIRMATIONS: z.coerce.number().int().min(1).max(64).optional(),
  WITHDRAWAL_ADDRESS_WAIT_S: seconds.optional(),
  WITHDRAWAL_DELAY_S: seconds.optional(),
  WITHDRAWAL_DELAY_ABOVE: baseUnits.prefault("1000000000"),
  WITHDRAWAL_APPROVAL_ABOVE: baseUnits.prefault("10000000000"),
  WITHDRAWAL_APPROVAL_EXPIRES_S: seconds.default(7 * 86_400),
  WITHDRAWAL_DAILY_CAP: baseUnits.prefault("100000000000"),
  PROOF_VERIFIER: z.enum(["optimized", "plain"]).default("optimized"),
  CONVERGE_HOME: z.string().min(1).default(".converge"),
  SIGNER_SOCKET: z.string().min(1).optional(),
  AUTH_SECRET: z.string().min(32).optional(),
  DEMO_SIGN_IN: flag.optional(),
  DRAIN_MS: z.coerce.number().int().min(0).max(600_000).default(25_000),
  TRUSTED_PROXIES: addressRanges.prefault(""),
  ALLOW_PRIVATE_NODES: addressRanges.prefault(""),
  ATTESTATION_ROOTS: z.string().min(1).optional(),
  BLOB_S3_URL: z.url({ protocol: /^https?$/ }).optional(),
  BLOB_S3_REGION: z.string().min(1).default("us-east-1"),
  BLOB_S3_KEY_ID: z.string().min(1).optional(),
  BLOB_S3_SECRET: z.string().min(1).optional(),
  METRICS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,}$/, "needs 16 characters or more, without spaces")
    .optional(),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

export type Env = ReturnType<typeof parseEnv>;

/** Parses the whole configuration and names every mistake at once. */
export function parseEnv(source: Record<string, string | undefined>) {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The configuration is not valid:\n${lines.join("\n")}\n.env.example explains each variable.`);
  }
  const values = parsed.data;
  const home = resolve(values.CONVERGE_HOME);
  const { BLOB_S3_URL: url, BLOB_S3_REGION: region, BLOB_S3_KEY_ID: keyId, BLOB_S3_SECRET: secret } = values;
  if (url && (!keyId || !secret))
    throw new Error(
      "The configuration is not valid:\n  BLOB_S3_URL: needs BLOB_S3_KEY_ID and BLOB_S3_SECRET beside it.",
    );
  const isDevelopmentChain = values.CHAIN_ID === 31337;
  return {
    ...values,
    CONVERGE_HOME: home,
    /** Where files of jobs are kept; null for a folder of this machine. */
    BLOB_BUCKET: url && keyId && secret ? { url, region, keyId, secret } : null,
    SIGNER_SOCKET: values.SIGNER_SOCKET ?? join(home, "signer.sock"),
    PUBLIC_URL: values.PUBLIC_URL ?? `http://localhost:${values.PORT}`,
    CHAIN_CONFIRMATIONS: values.CHAIN_CONFIRMATIONS ?? (isDevelopmentChain ? 1 : 12),
    WITHDRAWAL_ADDRESS_WAIT_S: values.WITHDRAWAL_ADDRESS_WAIT_S ?? (isDevelopmentChain ? 5 : 86_400),
    WITHDRAWAL_DELAY_S: values.WITHDRAWAL_DELAY_S ?? (isDevelopmentChain ? 20 : 86_400),
    DEMO_SIGN_IN: (values.DEMO_SIGN_IN ?? isDevelopmentChain) && isDevelopmentChain,
    isDevelopmentChain,
  };
}
