import { answers } from "#server/api/methods.ts";
import { handleModels } from "#server/api/models-door.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ GET: handleModels });
