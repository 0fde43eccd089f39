import { createOpenApiFetchHandler } from "trpc-to-openapi";
import { DomainError } from "#core/errors.ts";
import { type DoorRequest, openDoor } from "./door.ts";
import { once, readIdempotencyKey } from "./idempotency.ts";
import { errorResponse } from "./map-error.ts";
import { readJsonIfAny } from "./request-body.ts";
import { appRouter } from "./root.ts";
import type { ApiContext } from "./trpc.ts";

const ENDPOINT = "/api/v1";

const takesBody = ({ method }: Request): boolean => !["GET", "HEAD", "DELETE"].includes(method);

/** The JSON object that a request carries, or undefined when it carries nothing. */
async function readObject(request: Request): Promise<object | undefined> {
  if (request.method === "GET" || request.method === "HEAD") return undefined;
  const body = await readJsonIfAny(request);
  if (body === undefined || (typeof body === "object" && body !== null && !Array.isArray(body))) return body;
  throw new DomainError("BAD_REQUEST", { message: "The body is not a JSON object." });
}

type Sent = NonNullable<ApiContext["sent"]>;

/** Calls the procedure that an address names: changes with what their body holds, all else with the query. */
async function callProcedure(
  door: DoorRequest,
  body: object | undefined,
  context: Omit<ApiContext, "sent">,
): Promise<Response> {
  const { request, requestId } = door;
  const query = [...new URL(request.url).searchParams.keys()];
  const fields = Object.keys(body ?? {});
  const sent: Sent = takesBody(request) ? { input: fields, elsewhere: query } : { input: query, elsewhere: fields };
  let failure: { error: unknown } | undefined;
  const response = await createOpenApiFetchHandler({
    req: new Request(request.url, {
      // What a HEAD is told is what a GET would be told; the server leaves the body out.
      method: request.method === "HEAD" ? "GET" : request.method,
      ...(takesBody(request)
        ? { headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? {}) }
        : {}),
    }),
    endpoint: ENDPOINT,
    router: appRouter,
    createContext: () => Promise.resolve({ ...context, sent }),
    onError: ({ error }: { error: unknown }) => {
      failure = { error };
    },
  });
  return failure ? errorResponse(failure.error, requestId) : response;
}

/** The REST door: the same procedures as tRPC, so there is one way in and one set of rules. */
export function handleRest(request: Request): Promise<Response> {
  return openDoor(request, { name: "rest" }, async (door) => {
    const body = await readObject(request);
    const idempotencyKey = takesBody(request) ? readIdempotencyKey(request) : null;
    const context = { actor: door.actor, requestId: door.requestId, idempotencyKey };
    const call = () => callProcedure(door, body, context);
    if (!door.actor || !idempotencyKey) return call();
    const path = new URL(request.url).pathname;
    return once(door.actor, idempotencyKey, { method: request.method, path, body: JSON.stringify(body ?? {}) }, call);
  });
}
