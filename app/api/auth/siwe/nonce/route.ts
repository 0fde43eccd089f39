import { openDoor } from "#server/api/door.ts";
import { createChallenge } from "#server/identity/challenges.ts";

export function GET(request: Request) {
  return openDoor(request, { name: "auth", strangers: "auth" }, async () =>
    Response.json({ nonce: await createChallenge("siwe", null) }),
  );
}
