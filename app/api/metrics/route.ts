import { metricsResponse } from "#server/api/metrics-door.ts";

export { metricsResponse as GET };
