import { checkReadiness } from "#server/operations/check-readiness.ts";

/** 200 when everything a request may need is there, else 503 naming the part that is missing. */
export async function readinessResponse(): Promise<Response> {
  const readiness = await checkReadiness();
  return Response.json(readiness, {
    status: readiness.status === "ready" ? 200 : 503,
    headers: { "cache-control": "no-store" },
  });
}
