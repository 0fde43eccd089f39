import { handleModels } from "#server/api/models-door.ts";

export { handleModels as GET };
