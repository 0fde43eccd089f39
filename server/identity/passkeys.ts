import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import { cose, decodeCredentialPublicKey } from "@simplewebauthn/server/helpers";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import { createChallenge, takeChallenge } from "./challenges.ts";
import { createUser } from "./users.ts";

const relyingParty = () => {
  const url = new URL(env.PUBLIC_URL);
  return { id: url.hostname, origin: url.origin, name: "Converge" };
};

const toHex = (bytes: Uint8Array): `0x${string}` => `0x${Buffer.from(bytes).toString("hex").padStart(64, "0")}`;

/** Only P-256: the curve whose signatures the account contract can check. */
const ES256 = -7;

/** Options for making a passkey: for the person signed in, or for a new one. */
export async function passkeyRegistrationOptions(userId: string | null, name: string) {
  const challenge = await createChallenge("passkey-register", userId);
  const known = userId ? await db.passkey.findMany({ where: { userId }, select: { credentialId: true } }) : [];
  const handle = userId ?? newId("user");
  return generateRegistrationOptions({
    rpName: relyingParty().name,
    rpID: relyingParty().id,
    userName: name,
    userDisplayName: name,
    userID: new TextEncoder().encode(handle),
    challenge: Buffer.from(challenge, "utf8"),
    attestationType: "none",
    supportedAlgorithmIDs: [ES256],
    excludeCredentials: known.map(({ credentialId }) => ({ id: credentialId })),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
  });
}

/** The challenge as we stored it, from the base64url text the browser signed. */
const storedChallenge = (signed: string): string => Buffer.from(signed, "base64url").toString("utf8");

function readChallenge(clientDataJSON: string): string {
  try {
    const data = JSON.parse(Buffer.from(clientDataJSON, "base64url").toString("utf8")) as { challenge?: unknown };
    if (typeof data.challenge === "string") return data.challenge;
  } catch (cause) {
    throw new DomainError("PASSKEY_INVALID", {}, { cause });
  }
  throw new DomainError("PASSKEY_INVALID");
}

/** Takes in a new passkey; makes its person when nobody is signed in. Answers whose it is. */
export async function registerPasskey(input: {
  response: RegistrationResponseJSON;
  name: string;
  signedInUserId: string | null;
}): Promise<string> {
  const challenge = readChallenge(input.response.response.clientDataJSON);
  const { userId } = await takeChallenge("passkey-register", storedChallenge(challenge));
  // The options were made for this very session (or for nobody): a passkey cannot be slipped to another person.
  if (userId !== input.signedInUserId) throw new DomainError("PASSKEY_INVALID");

  const verified = await verifyRegistrationResponse({
    response: input.response,
    expectedChallenge: challenge,
    expectedOrigin: relyingParty().origin,
    expectedRPID: relyingParty().id,
    requireUserVerification: true,
    supportedAlgorithmIDs: [ES256],
  }).catch((cause: unknown) => {
    throw new DomainError("PASSKEY_INVALID", {}, { cause });
  });
  if (!verified.verified) throw new DomainError("PASSKEY_INVALID");
  const { credential } = verified.registrationInfo;
  const key = decodeCredentialPublicKey(credential.publicKey);
  if (!cose.isCOSEPublicKeyEC2(key)) throw new DomainError("PASSKEY_INVALID");
  const x = key.get(cose.COSEKEYS.x);
  const y = key.get(cose.COSEKEYS.y);
  if (!x || !y) throw new DomainError("PASSKEY_INVALID");

  return db.$transaction(async (tx) => {
    const owner = userId ?? (await createUser(tx, { name: input.name }));
    const taken = await tx.passkey.findUnique({ where: { credentialId: credential.id }, select: { id: true } });
    if (taken) throw new DomainError("PASSKEY_INVALID");
    await tx.passkey.create({
      data: {
        id: newId("passkey"),
        userId: owner,
        credentialId: credential.id,
        publicKey: Buffer.from(credential.publicKey),
        x: toHex(x),
        y: toHex(y),
        counter: BigInt(credential.counter),
        transports: credential.transports ?? [],
        name: input.name,
      },
    });
    return owner;
  });
}

/** Options for signing in with any passkey this device has for us. */
export async function passkeySignInOptions() {
  const challenge = await createChallenge("passkey-login", null);
  return generateAuthenticationOptions({
    rpID: relyingParty().id,
    challenge: Buffer.from(challenge, "utf8"),
    userVerification: "required",
  });
}

/** Checks an assertion; a counter that went backwards means a cloned authenticator and is refused. */
export async function signInWithPasskey(response: AuthenticationResponseJSON): Promise<string> {
  const challenge = readChallenge(response.response.clientDataJSON);
  await takeChallenge("passkey-login", storedChallenge(challenge));
  const passkey = await db.passkey.findUnique({ where: { credentialId: response.id } });
  if (!passkey) throw new DomainError("PASSKEY_INVALID");
  const verified = await verifyAuthenticationResponse({
    response,
    expectedChallenge: challenge,
    expectedOrigin: relyingParty().origin,
    expectedRPID: relyingParty().id,
    requireUserVerification: true,
    credential: {
      id: passkey.credentialId,
      publicKey: new Uint8Array(passkey.publicKey),
      counter: Number(passkey.counter),
    },
  }).catch((cause: unknown) => {
    throw new DomainError("PASSKEY_INVALID", {}, { cause });
  });
  if (!verified.verified) throw new DomainError("PASSKEY_INVALID");
  await db.passkey.update({
    where: { id: passkey.id },
    data: { counter: BigInt(verified.authenticationInfo.newCounter), lastUsedAt: new Date() },
  });
  return passkey.userId;
}

export function listPasskeys(userId: string) {
  return db.passkey.findMany({
    where: { userId },
    orderBy: { createdAt: "asc" },
    take: 50,
    select: { id: true, credentialId: true, name: true, createdAt: true, lastUsedAt: true },
  });
}
