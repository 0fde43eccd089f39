import { handleMcp } from "#server/api/mcp-door.ts";
import { answers } from "#server/api/methods.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ POST: handleMcp });
