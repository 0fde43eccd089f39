import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server";
import type { NextAuthOptions } from "next-auth";
import Credentials from "next-auth/providers/credentials";
import { z } from "zod";
import { DomainError } from "#core/errors.ts";
import { env } from "#server/env.ts";
import { log } from "#server/log.ts";
import { ensureDemoUser, isDemoName } from "./demo-accounts.ts";
import { registerPasskey, signInWithPasskey } from "./passkeys.ts";
import { isSecure, SESSION_COOKIE } from "./session-cookie.ts";
import { endSession, findSessionActor, openSession, SESSION_SECONDS, type SignInMethod } from "./sessions.ts";
import { signInWithWallet } from "./siwe.ts";

type SignedIn = { id: string; sessionId: string };

/** Runs a sign-in and opens its session; the reason of a refusal is its code, which next-auth passes on as `error`. */
async function signIn(method: SignInMethod, userAgent: string, verify: () => Promise<string>): Promise<SignedIn> {
  try {
    const id = await verify();
    return { id, sessionId: await openSession(id, method, userAgent) };
  } catch (error) {
    if (error instanceof DomainError) throw new Error(error.code, { cause: error });
    log.error({ event: "sign-in.failed", method, err: error });
    throw new Error("INTERNAL", { cause: error });
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DomainError("BAD_REQUEST", {}, { cause });
  }
};

const assertionSchema = z.looseObject({
  id: z.string().max(1024),
  response: z.looseObject({ clientDataJSON: z.string().max(4096) }),
});

const userAgentOf = (request: { headers?: Record<string, unknown> | undefined }): string =>
  String(request.headers?.["user-agent"] ?? "");

const passkeyProvider = Credentials({
  id: "passkey",
  name: "Passkey",
  credentials: { response: {}, flow: {}, name: {} },
  authorize: (credentials, request) =>
    signIn("passkey", userAgentOf(request), async () => {
      const response = assertionSchema.safeParse(parseJson(credentials?.response ?? ""));
      if (!response.success) throw new DomainError("PASSKEY_INVALID", {}, { cause: response.error });
      // The library checks every field it reads; these casts only name its input types.
      if (credentials?.flow === "register") {
        const name = (credentials.name ?? "").trim().slice(0, 60) || "You";
        return registerPasskey({
          response: response.data as unknown as RegistrationResponseJSON,
          name,
          signedInUserId: null,
        });
      }
      return signInWithPasskey(response.data as unknown as AuthenticationResponseJSON);
    }),
});

const walletProvider = Credentials({
  id: "siwe",
  name: "Wallet",
  credentials: { message: {}, signature: {} },
  authorize: (credentials, request) =>
    signIn("wallet", userAgentOf(request), () =>
      signInWithWallet({
        message: (credentials?.message ?? "").slice(0, 4096),
        signature: (credentials?.signature ?? "").slice(0, 8192),
      }),
    ),
});

const demoProvider = Credentials({
  id: "demo",
  name: "Demo account",
  credentials: { account: {} },
  authorize: (credentials, request) =>
    signIn("demo", userAgentOf(request), () => {
      if (!isDemoName(credentials?.account)) throw new DomainError("VALIDATION_FAILED", { param: "account" });
      return ensureDemoUser(credentials.account);
    }),
});

export const authOptions: NextAuthOptions = {
  ...(env.AUTH_SECRET ? { secret: env.AUTH_SECRET } : {}),
  providers: [passkeyProvider, walletProvider, ...(env.DEMO_SIGN_IN ? [demoProvider] : [])],
  logger: {
    // A cookie that nobody sealed is its sender's doing, and says so with every request.
    error: (code, metadata) =>
      code === "JWT_SESSION_ERROR"
        ? log.debug({ event: "session-cookie.unreadable" })
        : log.error({ event: "next-auth.failed", code, err: "error" in metadata ? metadata.error : metadata }),
    warn: (code) => log.debug({ event: "next-auth.warned", code }),
    debug: () => undefined,
  },
  session: { strategy: "jwt", maxAge: SESSION_SECONDS },
  pages: { signIn: "/sign-in", error: "/sign-in" },
  cookies: {
    sessionToken: { name: SESSION_COOKIE, options: { httpOnly: true, sameSite: "lax", path: "/", secure: isSecure } },
  },
  callbacks: {
    // A fresh sign-in writes a fresh session id into the token, so an old cookie never becomes the new session.
    // A session that was ended leaves an empty token: the cookie of it says nothing any more.
    jwt: async ({ token, user }) => {
      if (user) return { sub: user.id, sid: (user as unknown as SignedIn).sessionId };
      return typeof token.sid === "string" && (await findSessionActor(token.sid)) ? token : {};
    },
    session: ({ session, token }) => (token.sub ? Object.assign(session, { user: { id: token.sub } }) : ({} as never)),
  },
  events: {
    signOut: async ({ token }) => {
      if (typeof token?.sid === "string") await endSession(token.sid);
    },
  },
};
