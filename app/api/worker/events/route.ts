import { handleNodeEvents } from "#server/api/worker-door.ts";

export { handleNodeEvents as POST };
