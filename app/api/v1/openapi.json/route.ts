import { openDoor } from "#server/api/door.ts";
import { openApiDocument } from "#server/api/openapi.ts";

export function GET(request: Request) {
  return openDoor(request, { name: "openapi" }, async () => Response.json(openApiDocument()));
}
