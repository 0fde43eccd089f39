import { openDoor } from "#server/api/door.ts";
import { answers } from "#server/api/methods.ts";
import { openApiDocument } from "#server/api/openapi.ts";

const describe = (request: Request) =>
  openDoor(request, { name: "openapi" }, async () => Response.json(openApiDocument()));

export const { GET, POST, PUT, PATCH, DELETE } = answers({ GET: describe });
