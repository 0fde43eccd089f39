import { answers } from "#server/api/methods.ts";
import { handleModel } from "#server/api/models-door.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ GET: handleModel });
