import { z } from "zod";
import { openDoor } from "#server/api/door.ts";
import { answers } from "#server/api/methods.ts";
import { readJson } from "#server/api/request-body.ts";
import { passkeyRegistrationOptions } from "#server/identity/passkeys.ts";

const inputSchema = z.strictObject({ name: z.string().trim().min(1).max(60).default("You") });

function makeOptions(request: Request): Promise<Response> {
  return openDoor(request, { name: "auth", strangers: "auth" }, async ({ actor }) => {
    const { name } = inputSchema.parse(await readJson(request));
    return Response.json(await passkeyRegistrationOptions(actor?.userId ?? null, name));
  });
}

export const { GET, POST, PUT, PATCH, DELETE } = answers({ POST: makeOptions });
