import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { DomainError } from "#core/errors.ts";
import { openDoor } from "./door.ts";
import { once, readIdempotencyKey } from "./idempotency.ts";
import { logFailure, toDomainError } from "./map-error.ts";
import { readJsonText } from "./request-body.ts";
import { appRouter } from "./root.ts";

/** Calls of one request: each counts against the caller's limit as if it had come alone. */
const BATCH_MAX = 32;

/** How many procedures an address names, as tRPC reads it: decoded first, then taken apart. */
function callsOf(pathname: string): number {
  try {
    return decodeURIComponent(pathname).split(",").length;
  } catch {
    return 1;
  }
}

/** The tRPC door of the browser app. Changes come as JSON and from our own pages only. */
export function handleTrpc(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname;
  const calls = callsOf(path);
  return openDoor(request, { name: "trpc", cost: Math.min(calls, BATCH_MAX) }, async ({ actor, requestId }) => {
    if (calls > BATCH_MAX)
      throw new DomainError("BAD_REQUEST", { message: `A request takes at most ${BATCH_MAX} calls.` });
    // tRPC would take forms too, which a foreign page can send without asking the browser first.
    const body = request.method === "POST" ? await readJsonText(request) : null;
    const idempotencyKey = body === null ? null : readIdempotencyKey(request);
    // Two changes under one key would be taken for one and its repeat.
    if (idempotencyKey !== null && calls > 1)
      throw new DomainError("BAD_REQUEST", { message: "A request with an Idempotency-Key makes one call." });
    const call = () =>
      fetchRequestHandler({
        endpoint: "/api/trpc",
        req: new Request(request.url, {
          method: request.method,
          headers: { "content-type": "application/json" },
          signal: request.signal,
          ...(body === null ? {} : { body }),
        }),
        router: appRouter,
        maxBatchSize: BATCH_MAX,
        onError: ({ error }) => logFailure(toDomainError(error), requestId),
        createContext: () => ({ actor, requestId, idempotencyKey }),
        responseMeta: ({ errors }) => {
          const wait = errors.map((error) => toDomainError(error).details.retryAfterSeconds).find(Number.isInteger);
          return wait === undefined ? {} : { headers: new Headers({ "retry-after": String(wait) }) };
        },
      });
    if (!actor || body === null || idempotencyKey === null) return call();
    return once(actor, idempotencyKey, { method: request.method, path, body }, call);
  });
}
