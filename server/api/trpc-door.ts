import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { DomainError } from "#core/errors.ts";
import { openDoor } from "./door.ts";
import { readIdempotencyKey } from "./idempotency.ts";
import { BODY_BYTES_MAX } from "./request-body.ts";
import { appRouter } from "./root.ts";

/** The tRPC door of the browser app. Changes come as JSON and from our own pages only. */
export function handleTrpc(request: Request): Promise<Response> {
  return openDoor(request, { name: "trpc" }, async ({ actor, requestId }) => {
    if (request.method === "POST") {
      // tRPC would take forms too, which a foreign page can send without asking the browser first.
      if (!/^application\/json\s*(;|$)/i.test(request.headers.get("content-type") ?? ""))
        throw new DomainError("UNSUPPORTED_MEDIA_TYPE");
      if (Number(request.headers.get("content-length") ?? 0) > BODY_BYTES_MAX)
        throw new DomainError("PAYLOAD_TOO_LARGE");
    }
    const idempotencyKey = readIdempotencyKey(request);
    return fetchRequestHandler({
      endpoint: "/api/trpc",
      req: request,
      router: appRouter,
      createContext: () => ({ actor, requestId, idempotencyKey }),
    });
  });
}
