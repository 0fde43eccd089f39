import { join, resolve } from "node:path";
import { z } from "zod";

const flag = z.enum(["0", "1", "true", "false"]).transform((value) => value === "1" || value === "true");

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
  CONVERGE_HOME: z.string().min(1).default(".converge"),
  SIGNER_SOCKET: z.string().min(1).optional(),
  AUTH_SECRET: z.string().min(32).optional(),
  DEMO_SIGN_IN: flag.optional(),
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
  const isDevelopmentChain = values.CHAIN_ID === 31337;
  return {
    ...values,
    CONVERGE_HOME: home,
    SIGNER_SOCKET: values.SIGNER_SOCKET ?? join(home, "signer.sock"),
    PUBLIC_URL: values.PUBLIC_URL ?? `http://localhost:${values.PORT}`,
    CHAIN_CONFIRMATIONS: values.CHAIN_CONFIRMATIONS ?? (isDevelopmentChain ? 1 : 12),
    DEMO_SIGN_IN: (values.DEMO_SIGN_IN ?? isDevelopmentChain) && isDevelopmentChain,
    isDevelopmentChain,
  };
}
