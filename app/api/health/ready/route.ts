import { answers } from "#server/api/methods.ts";
import { handleReadiness } from "#server/api/readiness-door.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ GET: handleReadiness });
