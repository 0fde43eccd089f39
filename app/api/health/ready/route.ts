import { readinessResponse } from "#server/api/readiness-door.ts";

export { readinessResponse as GET };
