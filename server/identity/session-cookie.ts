import { env } from "#server/env.ts";

/** Whether the session cookie is bound to https: plain http is for development only. */
export const isSecure = env.PUBLIC_URL.startsWith("https://");

/** `__Host-` binds the cookie to this host and path, and needs https. */
export const SESSION_COOKIE = isSecure ? "__Host-converge.session" : "converge.session";
