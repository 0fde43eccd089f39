import { openDoor } from "#server/api/door.ts";
import { answers } from "#server/api/methods.ts";
import { passkeySignInOptions } from "#server/identity/passkeys.ts";

const makeOptions = (request: Request) =>
  openDoor(request, { name: "auth", strangers: "auth" }, async () => Response.json(await passkeySignInOptions()));

export const { GET, POST, PUT, PATCH, DELETE } = answers({ POST: makeOptions });
