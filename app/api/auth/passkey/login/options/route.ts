import { openDoor } from "#server/api/door.ts";
import { passkeySignInOptions } from "#server/identity/passkeys.ts";

export function POST(request: Request) {
  return openDoor(request, { name: "auth", strangers: "auth" }, async () =>
    Response.json(await passkeySignInOptions()),
  );
}
