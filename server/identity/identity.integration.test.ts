import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { createSiweMessage } from "viem/siwe";
import { describe, expect, it } from "vitest";
import { DomainError } from "#core/errors.ts";
import { ALL_SCOPES } from "#core/scopes.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { SoftwareAuthenticator } from "../../bench/journey/authenticator.ts";
import type { Actor } from "./actor.ts";
import { createApiKey, findApiKeyActor, listApiKeys, revokeApiKey } from "./api-keys.ts";
import { createChallenge } from "./challenges.ts";
import { passkeyRegistrationOptions, passkeySignInOptions, registerPasskey, signInWithPasskey } from "./passkeys.ts";
import { findSessionActor, openSession, revokeSession } from "./sessions.ts";
import { signInWithWallet } from "./siwe.ts";
import { createUser } from "./users.ts";

const origin = new URL(env.PUBLIC_URL).origin;
const newUser = () => db.$transaction((tx) => createUser(tx, { name: "Somebody" }));
const actorOf = (userId: string): Actor => ({ userId, roles: ["user"], via: "session", scopes: ALL_SCOPES });

/** The code a promise is refused with, or null when it is kept. */
const refusal = async (promise: Promise<unknown>): Promise<string | null> => {
  try {
    await promise;
    return null;
  } catch (error) {
    return error instanceof DomainError ? error.code : String(error);
  }
};

describe("a wallet sign-in", () => {
  const account = privateKeyToAccount(generatePrivateKey());
  const prepare = async (changes: Partial<Parameters<typeof createSiweMessage>[0]> = {}) => {
    const message = createSiweMessage({
      domain: new URL(origin).host,
      uri: origin,
      address: account.address,
      chainId: env.CHAIN_ID,
      version: "1",
      nonce: await createChallenge("siwe", null),
      issuedAt: new Date(),
      ...changes,
    });
    return { message, signature: await account.signMessage({ message }) };
  };

  it("makes the person once and finds them again", async () => {
    const first = await signInWithWallet(await prepare());
    expect(await signInWithWallet(await prepare())).toBe(first);
    expect((await getBalance(`user:${first}`)).available).toBe(0n);
  });

  it("is accepted once, however often it is replayed at the same time", async () => {
    const captured = await prepare();
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => refusal(signInWithWallet(captured))));
    expect(outcomes.filter((code) => code === null)).toHaveLength(1);
    expect(outcomes.filter((code) => code === "NONCE_INVALID")).toHaveLength(99);
  });

  it("makes one person when two first sign-ins meet", async () => {
    const fresh = privateKeyToAccount(generatePrivateKey());
    const sign = async () => {
      const { message } = await prepare({ address: fresh.address });
      return signInWithWallet({ message, signature: await fresh.signMessage({ message }) });
    };
    const [one, two] = await Promise.all([sign(), sign()]);
    expect(one).toBe(two);
  });

  it.each([
    ["another domain", { domain: "evil.example" }],
    ["another origin", { uri: "https://evil.example" }],
    ["another chain", { chainId: 1 }],
    ["a time that has passed", { expirationTime: new Date(Date.now() - 1000) }],
    ["a time that has not come", { notBefore: new Date(Date.now() + 60_000) }],
  ])("is refused for %s", async (_what, changes) => {
    expect(await refusal(signInWithWallet(await prepare(changes)))).toBe("SIGNATURE_INVALID");
  });

  it("is refused with a nonce that was never given out, and with somebody else's signature", async () => {
    expect(await refusal(signInWithWallet(await prepare({ nonce: "0123456789abcdef" })))).toBe("NONCE_INVALID");
    const { message } = await prepare();
    const other = await privateKeyToAccount(generatePrivateKey()).signMessage({ message });
    expect(await refusal(signInWithWallet({ message, signature: other }))).toBe("SIGNATURE_INVALID");
  });
});

describe("a passkey", () => {
  const register = async (authenticator: SoftwareAuthenticator) => {
    const { challenge } = await passkeyRegistrationOptions(null, "Ada");
    return registerPasskey({ response: authenticator.register(challenge) as never, name: "Ada", signedInUserId: null });
  };

  it("makes a person, and signs them in again", async () => {
    const authenticator = new SoftwareAuthenticator(origin);
    const userId = await register(authenticator);
    const { challenge } = await passkeySignInOptions();
    expect(await signInWithPasskey(authenticator.authenticate(challenge) as never)).toBe(userId);
  });

  it("keeps the point that owns the person's account", async () => {
    const userId = await register(new SoftwareAuthenticator(origin));
    const passkey = await db.passkey.findFirstOrThrow({ where: { userId } });
    expect(passkey.x).toMatch(/^0x[0-9a-f]{64}$/);
    expect(passkey.y).toMatch(/^0x[0-9a-f]{64}$/);
  });

  it("is refused when its assertion is replayed", async () => {
    const authenticator = new SoftwareAuthenticator(origin);
    await register(authenticator);
    const { challenge } = await passkeySignInOptions();
    const captured = authenticator.authenticate(challenge);
    await signInWithPasskey(captured as never);
    expect(await refusal(signInWithPasskey(captured as never))).toBe("NONCE_INVALID");
  });

  it("is refused from another origin, for an unknown credential, and when its counter goes back", async () => {
    const foreign = new SoftwareAuthenticator("http://evil.example");
    const { challenge } = await passkeyRegistrationOptions(null, "Eve");
    const attempt = { response: foreign.register(challenge) as never, name: "Eve", signedInUserId: null };
    expect(await refusal(registerPasskey(attempt))).toBe("PASSKEY_INVALID");

    const unknown = await passkeySignInOptions();
    const stranger = new SoftwareAuthenticator(origin).authenticate(unknown.challenge);
    expect(await refusal(signInWithPasskey(stranger as never))).toBe("PASSKEY_INVALID");

    const authenticator = new SoftwareAuthenticator(origin);
    const userId = await register(authenticator);
    await db.passkey.updateMany({ where: { userId }, data: { counter: 1000n } });
    const login = await passkeySignInOptions();
    expect(await refusal(signInWithPasskey(authenticator.authenticate(login.challenge) as never))).toBe(
      "PASSKEY_INVALID",
    );
  });

  it("cannot be registered to somebody else than the options were made for", async () => {
    const victim = await newUser();
    const { challenge } = await passkeyRegistrationOptions(null, "Eve");
    const response = new SoftwareAuthenticator(origin).register(challenge) as never;
    expect(await refusal(registerPasskey({ response, name: "Eve", signedInUserId: victim }))).toBe("PASSKEY_INVALID");
    expect(await db.passkey.count({ where: { userId: victim } })).toBe(0);
  });
});

describe("a session", () => {
  it("is dead with the next request after it was revoked", async () => {
    const userId = await newUser();
    const id = await openSession(userId, "demo", "test");
    expect((await findSessionActor(id))?.userId).toBe(userId);
    await revokeSession(actorOf(userId), id);
    expect(await findSessionActor(id)).toBeNull();
  });

  it("cannot be revoked by a stranger, who hears what they would hear of a missing one", async () => {
    const id = await openSession(await newUser(), "demo", "test");
    const stranger = actorOf(await newUser());
    expect(await refusal(revokeSession(stranger, id))).toBe("NOT_FOUND");
    expect(await refusal(revokeSession(stranger, "ses_missing"))).toBe("NOT_FOUND");
    expect(await findSessionActor(id)).not.toBeNull();
  });
});

describe("an API key", () => {
  it("is found by its token, and only its hash is stored", async () => {
    const userId = await newUser();
    const { key, token } = await createApiKey(actorOf(userId), { name: "k", scopes: ["inference:write"] });
    expect(await findApiKeyActor(token)).toMatchObject({
      userId,
      via: "api_key",
      scopes: ["inference:write"],
      apiKeyId: key.id,
    });
    const secret = token.slice(key.prefix.length);
    const [dump] = await db.$queryRaw<
      { row: string }[]
    >`SELECT to_jsonb(k)::text AS row FROM api_key k WHERE id = ${key.id}`;
    expect(dump?.row).not.toContain(secret);
    expect(JSON.stringify(await listApiKeys(actorOf(userId)))).not.toContain(secret);
  });

  it("is dead when revoked or expired, and with one character changed", async () => {
    const userId = await newUser();
    const revoked = await createApiKey(actorOf(userId), { name: "k", scopes: ["inference:write"] });
    await revokeApiKey(actorOf(userId), revoked.key.id);
    expect(await findApiKeyActor(revoked.token)).toBeNull();

    const expired = await createApiKey(actorOf(userId), {
      name: "k",
      scopes: ["inference:write"],
      expiresAt: new Date(Date.now() - 1),
    });
    expect(await findApiKeyActor(expired.token)).toBeNull();

    const good = await createApiKey(actorOf(userId), { name: "k", scopes: ["inference:write"] });
    const last = good.token.at(-8) === "a" ? "b" : "a";
    expect(await findApiKeyActor(`${good.token.slice(0, -8)}${last}${good.token.slice(-7)}`)).toBeNull();
  });

  it("is never one of more than the list shows, however many are made at once", async () => {
    const owner = actorOf(await newUser());
    const make = () => refusal(createApiKey(owner, { name: "k", scopes: ["inference:write"] }));
    const outcomes = await Promise.all(Array.from({ length: 104 }, make));
    expect(outcomes.filter((code) => code === null)).toHaveLength(100);
    expect(outcomes.filter((code) => code === "API_KEYS_TOO_MANY")).toHaveLength(4);
    const [first] = await listApiKeys(owner);
    if (!first) throw new Error("There are keys.");
    await revokeApiKey(owner, first.id);
    expect(await make()).toBeNull();
    const shown = await listApiKeys(owner);
    expect(shown).toHaveLength(100);
    expect(shown.every(({ revokedAt }) => revokedAt === null)).toBe(true);
  });

  it("cannot be revoked by a stranger, nor made for somebody else's agent", async () => {
    const owner = actorOf(await newUser());
    const stranger = actorOf(await newUser());
    const { key, token } = await createApiKey(owner, { name: "k", scopes: ["inference:write"] });
    expect(await refusal(revokeApiKey(stranger, key.id))).toBe("NOT_FOUND");
    expect(await findApiKeyActor(token)).not.toBeNull();
    expect(
      await refusal(createApiKey(stranger, { name: "k", scopes: ["inference:write"], agentId: "agt_missing" })),
    ).toBe("NOT_FOUND");
  });
});
