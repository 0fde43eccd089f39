import { answers } from "#server/api/methods.ts";
import { handleJoin } from "#server/api/worker-door.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ POST: handleJoin });
