import { z } from "zod";
import {
  apiKeySchema,
  createApiKeyInput,
  createdApiKeySchema,
  meSchema,
  removedSchema,
  sessionSchema,
} from "#core/schemas/identity.ts";
import { type ApiKeyView, createApiKey, listApiKeys, revokeApiKey } from "#server/identity/api-keys.ts";
import { getMe } from "#server/identity/get-me.ts";
import { getOwnCap } from "#server/identity/own-caps.ts";
import { listSessions, revokeSession } from "#server/identity/sessions.ts";
import { publicProcedure, router, userProcedure } from "../trpc.ts";

const iso = (date: Date | null) => date?.toISOString() ?? null;

const apiKeyToWire = (key: ApiKeyView) => ({
  object: "api_key" as const,
  ...key,
  createdAt: key.createdAt.toISOString(),
  expiresAt: iso(key.expiresAt),
  revokedAt: iso(key.revokedAt),
  lastUsedAt: iso(key.lastUsedAt),
});

const DAY_MS = 24 * 60 * 60 * 1000;

export const identityRouter = router({
  me: userProcedure
    .meta({ openapi: { method: "GET", path: "/me", tags: ["Identity"], summary: "Who is signed in", protect: true } })
    .input(z.void())
    .output(meSchema)
    .query(async ({ ctx }) => {
      const me = await getMe(ctx.actor);
      return {
        object: "user" as const,
        ...me,
        createdAt: me.createdAt.toISOString(),
        passkeys: me.passkeys.map((passkey) => ({
          ...passkey,
          createdAt: passkey.createdAt.toISOString(),
          lastUsedAt: iso(passkey.lastUsedAt),
        })),
      };
    }),

  /** The same for a page that also greets strangers: null instead of an error. */
  viewer: publicProcedure
    .input(z.void())
    .output(meSchema.pick({ id: true, name: true, roles: true }).nullable())
    .query(async ({ ctx }) => {
      if (!ctx.actor) return null;
      const { id, name, roles } = await getMe(ctx.actor);
      return { id, name, roles };
    }),

  listApiKeys: userProcedure
    .meta({
      openapi: { method: "GET", path: "/api-keys", tags: ["Identity"], summary: "List API keys", protect: true },
    })
    .input(z.void())
    .output(z.object({ data: z.array(apiKeySchema) }))
    .query(async ({ ctx }) => ({ data: (await listApiKeys(ctx.actor)).map(apiKeyToWire) })),

  createApiKey: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/api-keys",
        tags: ["Identity"],
        summary: "Create an API key, shown once",
        protect: true,
      },
    })
    .input(createApiKeyInput)
    .output(createdApiKeySchema)
    .mutation(async ({ ctx, input }) => {
      const { key, token, capId } = await createApiKey(ctx.actor, {
        name: input.name,
        scopes: input.scopes,
        ...(input.agentId ? { agentId: input.agentId } : {}),
        ...(input.spendLimit ? { spendLimit: input.spendLimit } : {}),
        ...(input.expiresInDays ? { expiresAt: new Date(Date.now() + input.expiresInDays * DAY_MS) } : {}),
      });
      return { ...apiKeyToWire(key), token, spendLimit: capId === null ? null : await getOwnCap(ctx.actor, capId) };
    }),

  revokeApiKey: userProcedure
    .meta({
      openapi: {
        method: "DELETE",
        path: "/api-keys/{id}",
        tags: ["Identity"],
        summary: "Revoke an API key at once",
        protect: true,
      },
    })
    .input(z.strictObject({ id: z.string().max(80) }))
    .output(apiKeySchema)
    .mutation(async ({ ctx, input }) => apiKeyToWire(await revokeApiKey(ctx.actor, input.id))),

  listSessions: userProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sessions",
        tags: ["Identity"],
        summary: "List signed-in browsers",
        protect: true,
      },
    })
    .input(z.void())
    .output(z.object({ data: z.array(sessionSchema) }))
    .query(async ({ ctx }) => ({
      data: (await listSessions(ctx.actor)).map((session) => ({
        object: "session" as const,
        ...session,
        createdAt: session.createdAt.toISOString(),
        expiresAt: session.expiresAt.toISOString(),
      })),
    })),

  revokeSession: userProcedure
    .meta({
      openapi: {
        method: "DELETE",
        path: "/sessions/{id}",
        tags: ["Identity"],
        summary: "End a session at once",
        protect: true,
      },
    })
    .input(z.strictObject({ id: z.string().max(80) }))
    .output(removedSchema)
    .mutation(async ({ ctx, input }) => {
      await revokeSession(ctx.actor, input.id);
      return { id: input.id, removed: true as const };
    }),
});
