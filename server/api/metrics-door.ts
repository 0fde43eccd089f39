import { registry } from "#server/metrics.ts";
import { refreshGauges } from "#server/operations/refresh-gauges.ts";

/** Prometheus text. Gauges are read from the database at the moment of the scrape. */
export async function metricsResponse(): Promise<Response> {
  // With the database away the process's own numbers are still worth having.
  await refreshGauges().catch(() => undefined);
  return new Response(await registry.metrics(), {
    headers: { "content-type": registry.contentType, "cache-control": "no-store" },
  });
}
