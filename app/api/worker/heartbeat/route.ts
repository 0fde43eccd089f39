import { handleHeartbeat } from "#server/api/worker-door.ts";

export { handleHeartbeat as POST };
