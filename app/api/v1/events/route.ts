import { handleEvents } from "#server/api/events-door.ts";
import { answers } from "#server/api/methods.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ POST: handleEvents });
