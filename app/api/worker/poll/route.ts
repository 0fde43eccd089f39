import { handlePoll } from "#server/api/worker-door.ts";

export { handlePoll as POST };
