import { handleEvents } from "#server/api/events-door.ts";

export { handleEvents as POST };
