import { answers } from "#server/api/methods.ts";
import { handleMetrics } from "#server/api/metrics-door.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ GET: handleMetrics });
