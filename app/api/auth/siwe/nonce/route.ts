import { openDoor } from "#server/api/door.ts";
import { answers } from "#server/api/methods.ts";
import { createChallenge } from "#server/identity/challenges.ts";

const makeNonce = (request: Request) =>
  openDoor(request, { name: "auth", strangers: "auth" }, async () =>
    Response.json({ nonce: await createChallenge("siwe", null) }),
  );

export const { GET, POST, PUT, PATCH, DELETE } = answers({ GET: makeNonce });
