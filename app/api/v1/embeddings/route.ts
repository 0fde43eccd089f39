import { handleEmbeddings } from "#server/api/embedding-door.ts";
import { answers } from "#server/api/methods.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ POST: handleEmbeddings });
