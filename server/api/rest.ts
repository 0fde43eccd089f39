import { createOpenApiFetchHandler } from "trpc-to-openapi";
import { DomainError } from "#core/errors.ts";
import { type DoorRequest, openDoor } from "./door.ts";
import { once, readIdempotencyKey } from "./idempotency.ts";
import { errorResponse } from "./map-error.ts";
import { readJson } from "./request-body.ts";
import { appRouter } from "./root.ts";
import type { ApiContext } from "./trpc.ts";

const ENDPOINT = "/api/v1";

async function readObject(request: Request): Promise<object> {
  const body = await readJson(request);
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
  throw new DomainError("BAD_REQUEST", { message: "The body is not a JSON object." });
}

/** Calls the procedure that an address names. The body was read and checked before. */
async function callProcedure(door: DoorRequest, body: unknown, context: ApiContext): Promise<Response> {
  const { request, requestId } = door;
  const hasBody = body !== undefined;
  let failure: { error: unknown } | undefined;
  const response = await createOpenApiFetchHandler({
    req: new Request(request.url, {
      // What a HEAD is told is what a GET would be told; the server leaves the body out.
      method: request.method === "HEAD" ? "GET" : request.method,
      headers: hasBody ? { "content-type": "application/json" } : {},
      ...(hasBody ? { body: JSON.stringify(body) } : {}),
    }),
    endpoint: ENDPOINT,
    router: appRouter,
    createContext: () => Promise.resolve(context),
    onError: ({ error }: { error: unknown }) => {
      failure = { error };
    },
  });
  return failure ? errorResponse(failure.error, requestId) : response;
}

/** The REST door: the same procedures as tRPC, so there is one way in and one set of rules. */
export function handleRest(request: Request): Promise<Response> {
  return openDoor(request, { name: "rest" }, async (door) => {
    const isChange = request.method !== "GET" && request.method !== "HEAD" && request.method !== "DELETE";
    const hasBody = isChange && request.headers.get("content-length") !== "0" && request.body !== null;
    const body = hasBody ? await readObject(request) : isChange ? {} : undefined;
    const idempotencyKey = isChange ? readIdempotencyKey(request) : null;
    const context: ApiContext = { actor: door.actor, requestId: door.requestId, idempotencyKey };
    const call = () => callProcedure(door, body, context);
    if (!door.actor || !idempotencyKey) return call();
    const path = new URL(request.url).pathname;
    return once(door.actor, idempotencyKey, { method: request.method, path, body: JSON.stringify(body) }, call);
  });
}
