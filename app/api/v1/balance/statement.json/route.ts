import { answers } from "#server/api/methods.ts";
import { handleStatementExport } from "#server/api/statement-door.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ GET: (request) => handleStatementExport(request, "json") });
