import { answers } from "#server/api/methods.ts";
import { metricsResponse } from "#server/api/metrics-door.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ GET: metricsResponse });
