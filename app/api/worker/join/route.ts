import { handleJoin } from "#server/api/worker-door.ts";

export { handleJoin as POST };
