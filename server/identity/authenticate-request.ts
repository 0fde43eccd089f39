import { decode } from "next-auth/jwt";
import { DomainError } from "#core/errors.ts";
import { env } from "#server/env.ts";
import type { Actor } from "./actor.ts";
import { findApiKeyActor } from "./api-keys.ts";
import { SESSION_COOKIE } from "./session-cookie.ts";
import { findSessionActor } from "./sessions.ts";

function readCookie(header: string, name: string): string | null {
  for (const part of header.split(";")) {
    const at = part.indexOf("=");
    // Our cookies need no decoding: sealed tokens are base64url and dots.
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return null;
}

/** The person behind a session cookie's header text, or null. */
export async function findCookieActor(cookieHeader: string): Promise<Actor | null> {
  const cookie = readCookie(cookieHeader, SESSION_COOKIE);
  if (!cookie || !env.AUTH_SECRET) return null;
  // A cookie that was tampered with, or sealed by another installation, is nobody's.
  const token = await decode({ token: cookie, secret: env.AUTH_SECRET }).catch(() => null);
  return typeof token?.sid === "string" ? findSessionActor(token.sid) : null;
}

/**
 * Who sent this request: the owner of its API key, else of its session cookie, else nobody.
 *
 * A key that is sent but not valid is an error rather than "nobody", and a cookie is not looked at beside it.
 */
export async function authenticateRequest(request: Request): Promise<Actor | null> {
  const authorization = request.headers.get("authorization");
  if (authorization !== null) {
    const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1];
    const actor = token ? await findApiKeyActor(token) : null;
    if (!actor) throw new DomainError("API_KEY_INVALID");
    return actor;
  }
  return findCookieActor(request.headers.get("cookie") ?? "");
}

/** Refuses a change that another site's page could have sent with our visitor's cookie. */
export function assertSameSite(request: Request): void {
  if (request.headers.get("authorization") !== null) return;
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  if (site === "same-origin" || site === "none") return;
  // Programs that use a cookie name the origin themselves; no browser leaves both headers out of a change.
  if (site === null && origin === new URL(env.PUBLIC_URL).origin) return;
  throw new DomainError("CROSS_SITE_REQUEST");
}
