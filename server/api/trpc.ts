import { initTRPC } from "@trpc/server";
import type { OpenApiMeta } from "trpc-to-openapi";
import { z } from "zod";
import { toWireError } from "#core/api-error.ts";
import { DomainError } from "#core/errors.ts";
import type { Role, Scope } from "#core/scopes.ts";
import type { Actor } from "#server/identity/actor.ts";
import { assertScope } from "#server/identity/assert-scope.ts";
import { assertCleanInput } from "./clean-input.ts";
import { toDomainError } from "./map-error.ts";

export type ApiContext = {
  actor: Actor | null;
  requestId: string;
  /** The caller's own key for this request, or null. Verbs that move money use it as their idempotency key. */
  idempotencyKey: string | null;
  /** The fields a REST request holds: where its procedure looks for its input, and elsewhere. */
  sent?: { input: string[]; elsewhere: string[] };
};

const nothing = z.strictObject({});

/** Refuses fields that nobody would read: a caller who sends them expects them to have a meaning. */
function assertAllRead({ input, elsewhere }: NonNullable<ApiContext["sent"]>, takesInput: boolean): void {
  nothing.parse(Object.fromEntries([...(takesInput ? [] : input), ...elsewhere].map((name) => [name, null])));
}

const t = initTRPC
  .context<ApiContext>()
  .meta<OpenApiMeta>()
  .create({
    errorFormatter: ({ shape, error, ctx }) => {
      const mapped = toDomainError(error);
      const requestId = ctx?.requestId ?? "req_unknown";
      const wire = toWireError(mapped, requestId).error;
      return {
        ...shape,
        message: wire.message,
        data: { code: shape.data.code, httpStatus: mapped.status, path: shape.data.path, error: wire },
      };
    },
  });

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;
/** Nothing reaches a schema that could not be stored, whichever door it came through. */
export const publicProcedure = t.procedure.use(async ({ ctx, getRawInput, next }) => {
  const input = await getRawInput();
  assertCleanInput(input);
  if (ctx.sent) assertAllRead(ctx.sent, input !== undefined);
  return next();
});

const withRole = (role: Role) =>
  publicProcedure.use(({ ctx, next }) => {
    if (!ctx.actor) throw new DomainError("UNAUTHENTICATED");
    if (!ctx.actor.roles.includes(role)) throw new DomainError("FORBIDDEN");
    // A key is for one purpose: what has no scope named needs a browser session.
    if (ctx.actor.via === "api_key")
      throw new DomainError("SCOPE_MISSING", { message: "This call needs a signed-in session, not an API key." });
    return next({ ctx: { ...ctx, actor: ctx.actor } });
  });

/** Signed-in people, by session. */
export const userProcedure = withRole("user");
export const adminProcedure = withRole("admin");

/** Signed-in people, and API keys that carry the scope. */
export const scoped = (scope: Scope) =>
  publicProcedure.use(({ ctx, next }) => {
    if (!ctx.actor) throw new DomainError("UNAUTHENTICATED");
    assertScope(ctx.actor, scope);
    return next({ ctx: { ...ctx, actor: ctx.actor } });
  });
