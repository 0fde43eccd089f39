import { newId } from "#core/ids.ts";
import type { Actor } from "#server/identity/actor.ts";
import { assertSameSite, authenticateRequest } from "#server/identity/authenticate-request.ts";
import { httpRequestDuration } from "#server/metrics.ts";
import { errorResponse } from "./map-error.ts";
import { consumeRateLimit, type LimitName } from "./rate-limit.ts";

export type DoorRequest = {
  request: Request;
  requestId: string;
  actor: Actor | null;
  /** Counts the request, once, and throws RATE_LIMITED; done before the door's work begins unless it `checksLimit`. */
  limit: () => Promise<Record<string, string>>;
};

export type DoorOptions = {
  /** A short, stable name for metrics: a route, never a path with ids in it. */
  name: string;
  /** The limit strangers fall under; whoever is known falls under "api". */
  strangers?: LimitName;
  /** How many calls the request stands for; 1 when absent. */
  cost?: number;
  /** True for a door that calls `limit` itself, beside other things, before anything of its answer leaves. */
  checksLimit?: boolean;
};

const isChange = (method: string): boolean => method !== "GET" && method !== "HEAD" && method !== "OPTIONS";

/** Whom a stranger is counted as. The web server writes it (server/web/peer.ts), whatever the client claims. */
export const peerAddress = (request: Request): string => request.headers.get("x-converge-peer") ?? "unknown";

/** Whether the web server saw the request come from its own machine, and not through a proxy on it. */
export const isFromThisMachine = (request: Request): boolean => request.headers.get("x-converge-local") === "1";

/** What every answer of ours has: a request id, one error shape, no caching unless it says so, and a measurement. */
export async function answerWithId(
  request: Request,
  name: string,
  work: (requestId: string) => Promise<Response>,
): Promise<Response> {
  const requestId = newId("request");
  const startedAt = performance.now();
  const response = await work(requestId).catch((error: unknown) => errorResponse(error, requestId));
  response.headers.set("x-request-id", requestId);
  if (!response.headers.has("cache-control")) response.headers.set("cache-control", "private, no-store");
  httpRequestDuration.observe(
    { door: name, method: request.method, status: String(response.status) },
    (performance.now() - startedAt) / 1000,
  );
  return response;
}

/** What every HTTP door does before and after its own work: who is asking, same-site changes only, the rate limit. */
export function openDoor(
  request: Request,
  options: DoorOptions,
  work: (door: DoorRequest) => Promise<Response>,
): Promise<Response> {
  return answerWithId(request, options.name, async (requestId) => {
    const strangers = options.strangers ?? "anonymous";
    const actor = await authenticateRequest(request).catch(async (error: unknown) => {
      // Whoever guesses keys is a stranger, and counted as one.
      await consumeRateLimit(strangers, peerAddress(request));
      throw error;
    });
    if (actor?.via === "session" && isChange(request.method)) assertSameSite(request);
    const caller = actor ? (actor.apiKeyId ?? actor.userId) : peerAddress(request);
    let counted: Promise<Record<string, string>> | null = null;
    const limit = () => {
      counted ??= consumeRateLimit(actor ? "api" : strangers, caller, options.cost);
      return counted;
    };
    if (!options.checksLimit) await limit();
    const response = await work({ request, requestId, actor, limit }).catch(async (error: unknown) => {
      // Whoever is over the limit hears that, whatever else was wrong.
      await limit();
      throw error;
    });
    for (const [name, value] of Object.entries(await limit())) response.headers.set(name, value);
    return response;
  });
}
