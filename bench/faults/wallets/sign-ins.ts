import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { createSiweMessage } from "viem/siwe";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import { createChallenge } from "#server/identity/challenges.ts";
import {
  passkeyRegistrationOptions,
  passkeySignInOptions,
  registerPasskey,
  signInWithPasskey,
} from "#server/identity/passkeys.ts";
import { signInWithWallet } from "#server/identity/siwe.ts";
import { type BenchRow, bounded } from "../../bench-row.ts";
import { SoftwareAuthenticator } from "../../journey/authenticator.ts";
import { outcomeOf } from "./wallets-world.ts";

const origin = () => new URL(env.PUBLIC_URL).origin;
const isIn = (outcome: string): boolean => outcome.startsWith("usr_");

/** W11: one login a hundred times at once, and logins made for elsewhere, another chain and another time. */
export async function walletReplays(): Promise<BenchRow[]> {
  const account = privateKeyToAccount(generatePrivateKey());
  const login = async (change: Partial<Parameters<typeof createSiweMessage>[0]> = {}) => {
    const message = createSiweMessage({
      address: account.address,
      chainId: env.CHAIN_ID,
      domain: new URL(env.PUBLIC_URL).host,
      uri: origin(),
      version: "1",
      nonce: await createChallenge("siwe", null),
      ...change,
    });
    return { message, signature: await account.signMessage({ message }) };
  };
  const captured = await login();
  const replays = await Promise.all(Array.from({ length: 100 }, () => outcomeOf(signInWithWallet(captured))));
  const wrong = [
    { domain: "evil.example" },
    { uri: "https://evil.example" },
    { chainId: env.CHAIN_ID + 1 },
    { expirationTime: new Date(Date.now() - 1_000) },
    { notBefore: new Date(Date.now() + 3_600_000) },
    { nonce: "abcdefgh12345678" },
  ];
  const outcomes = await Promise.all(wrong.map(async (change) => outcomeOf(signInWithWallet(await login(change)))));
  return [
    bounded("W11 one login 100 times at once: let in", replays.filter(isIn).length, "times", "<= 1"),
    bounded(
      "W11 wrong domain, chain, time or nonce: let in",
      outcomes.filter(isIn).length,
      "times",
      "<= 0",
      `${wrong.length} kinds`,
    ),
  ];
}

/** W12: a captured assertion, another origin, a counter that goes back, an unknown passkey. */
export async function passkeyReplays(): Promise<BenchRow[]> {
  const register = async (authenticator: SoftwareAuthenticator) => {
    const { challenge } = await passkeyRegistrationOptions(null, "Drill");
    return registerPasskey({
      response: authenticator.register(challenge) as never,
      name: "Drill",
      signedInUserId: null,
    });
  };
  const signIn = async (authenticator: SoftwareAuthenticator) => {
    const { challenge } = await passkeySignInOptions();
    return authenticator.authenticate(challenge) as never;
  };
  const authenticator = new SoftwareAuthenticator(origin());
  const userId = await register(authenticator);
  const captured = await signIn(authenticator);
  const replays = await Promise.all(Array.from({ length: 50 }, () => outcomeOf(signInWithPasskey(captured))));
  const elsewhere = await outcomeOf(register(new SoftwareAuthenticator("http://evil.example")));
  const unknown = await outcomeOf(signInWithPasskey(await signIn(new SoftwareAuthenticator(origin()))));
  await db.passkey.updateMany({ where: { userId }, data: { counter: 1_000n } });
  const cloned = await outcomeOf(signInWithPasskey(await signIn(authenticator)));
  return [
    bounded("W12 one assertion 50 times at once: let in", replays.filter(isIn).length, "times", "<= 1"),
    bounded(
      "W12 another origin, an unknown passkey, a cloned counter: let in",
      [elsewhere, unknown, cloned].filter(isIn).length,
      "times",
      "<= 0",
    ),
  ];
}
