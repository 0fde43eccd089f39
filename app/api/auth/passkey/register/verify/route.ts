import type { RegistrationResponseJSON } from "@simplewebauthn/server";
import { z } from "zod";
import { DomainError } from "#core/errors.ts";
import { openDoor } from "#server/api/door.ts";
import { answers } from "#server/api/methods.ts";
import { readJson } from "#server/api/request-body.ts";
import { registerPasskey } from "#server/identity/passkeys.ts";

const inputSchema = z.strictObject({
  name: z.string().trim().min(1).max(60),
  response: z.looseObject({
    id: z.string().max(1024),
    response: z.looseObject({ clientDataJSON: z.string().max(4096) }),
  }),
});

/** Adds a passkey to the person signed in. A new person's first passkey comes through the "passkey" sign-in instead. */
function addPasskey(request: Request): Promise<Response> {
  return openDoor(request, { name: "auth", strangers: "auth" }, async ({ actor }) => {
    if (actor?.via !== "session") throw new DomainError("UNAUTHENTICATED");
    const input = inputSchema.parse(await readJson(request));
    await registerPasskey({
      // The library checks every field it reads.
      response: input.response as unknown as RegistrationResponseJSON,
      name: input.name,
      signedInUserId: actor.userId,
    });
    return Response.json({ object: "passkey", added: true });
  });
}

export const { GET, POST, PUT, PATCH, DELETE } = answers({ POST: addPasskey });
