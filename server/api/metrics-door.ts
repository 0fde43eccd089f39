import { createHash, timingSafeEqual } from "node:crypto";
import { DomainError } from "#core/errors.ts";
import { env } from "#server/env.ts";
import { registry } from "#server/metrics.ts";
import { refreshGauges } from "#server/operations/refresh-gauges.ts";
import { answerWithId, isFromThisMachine, peerAddress } from "./door.ts";
import { consumeRateLimit } from "./rate-limit.ts";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Whether a request carries the scraper's token; the comparison takes as long for a near miss as for a far one. */
function hasMetricsToken(request: Request, token: string | undefined): boolean {
  const sent = /^Bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  return token !== undefined && sent !== undefined && timingSafeEqual(digest(sent), digest(token));
}

/**
 * Prometheus text, for a scraper on this machine or one that has the token; for anybody else there is nothing here.
 * Gauges are read from the database at the moment of the scrape.
 */
export function handleMetrics(request: Request): Promise<Response> {
  return answerWithId(request, "metrics", async () => {
    if (!isFromThisMachine(request) && !hasMetricsToken(request, env.METRICS_TOKEN)) {
      // Whoever guesses tokens is a stranger, and counted as one.
      await consumeRateLimit("anonymous", peerAddress(request));
      throw new DomainError("NOT_FOUND");
    }
    await refreshGauges();
    return new Response(await registry.metrics(), {
      headers: { "content-type": registry.contentType, "cache-control": "no-store" },
    });
  });
}
