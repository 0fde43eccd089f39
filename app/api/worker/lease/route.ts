import { answers } from "#server/api/methods.ts";
import { handleLeaseReport } from "#server/api/worker-door.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ POST: handleLeaseReport });
