import { z } from "zod";
import { ALL_SCOPES, ROLES, type Scope } from "../scopes.ts";
import { capOutput, spendLimitInput } from "./cap.ts";

const scopeSchema = z.enum(ALL_SCOPES as [Scope, ...Scope[]]);
const isoTime = z.iso.datetime();

export const apiKeySchema = z.object({
  object: z.literal("api_key"),
  id: z.string(),
  name: z.string(),
  prefix: z.string().describe("The recognisable beginning of the key; the rest is never shown again."),
  scopes: z.array(z.string()),
  agentId: z.string().nullable().describe("Set when the key acts and pays as this agent."),
  createdAt: isoTime,
  expiresAt: isoTime.nullable(),
  revokedAt: isoTime.nullable(),
  lastUsedAt: isoTime.nullable(),
});

export const createApiKeyInput = z.strictObject({
  name: z.string().trim().min(1).max(60),
  scopes: z.array(scopeSchema).min(1).max(ALL_SCOPES.length),
  expiresInDays: z.number().int().min(1).max(365).optional(),
  agentId: z.string().max(80).optional(),
  spendLimit: spendLimitInput.optional().describe("What may be spent with this key at most."),
});

export const createdApiKeySchema = apiKeySchema.extend({
  token: z.string().describe("Shown this once. Only its hash is stored."),
  spendLimit: capOutput.nullable(),
});

export const meSchema = z.object({
  object: z.literal("user"),
  id: z.string(),
  name: z.string(),
  roles: z.array(z.enum(ROLES)),
  demoName: z.string().nullable(),
  createdAt: isoTime,
  passkeys: z.array(
    z.object({
      id: z.string(),
      credentialId: z.string(),
      name: z.string(),
      createdAt: isoTime,
      lastUsedAt: isoTime.nullable(),
    }),
  ),
  wallets: z.array(z.object({ address: z.string() })),
});

export const sessionSchema = z.object({
  object: z.literal("session"),
  id: z.string(),
  method: z.string(),
  userAgent: z.string(),
  createdAt: isoTime,
  expiresAt: isoTime,
  isCurrent: z.boolean(),
});

export const removedSchema = z.object({ id: z.string(), removed: z.literal(true) });
