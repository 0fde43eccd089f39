import { handleCompletions } from "#server/api/completion-door.ts";
import { answers } from "#server/api/methods.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ POST: handleCompletions });
