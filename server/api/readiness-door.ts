import { checkReadiness } from "#server/operations/check-readiness.ts";
import { rememberBriefly } from "#server/operations/remember-briefly.ts";
import { answerWithId } from "./door.ts";

/** Anybody may ask as often as they like; what stands behind is asked about once a second. */
const readReadiness = rememberBriefly(1_000, checkReadiness);

/** 200 when everything a request may need is there, else 503 naming the part that is missing. */
export function handleReadiness(request: Request): Promise<Response> {
  return answerWithId(request, "health", async () => {
    const readiness = await readReadiness();
    return Response.json(readiness, {
      status: readiness.status === "ready" ? 200 : 503,
      headers: { "cache-control": "no-store" },
    });
  });
}
