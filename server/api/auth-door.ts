import { NextRequest } from "next/server";
import NextAuth from "next-auth";
import { DomainError } from "#core/errors.ts";
import { authOptions } from "#server/identity/auth-options.ts";
import { assertCleanInput } from "./clean-input.ts";
import { answerWithId, peerAddress } from "./door.ts";
import { consumeRateLimit, refundRateLimit } from "./rate-limit.ts";
import { parseJson, readText } from "./request-body.ts";

type Context = { params: Promise<{ nextauth: string[] }> };

const BODY_BYTES_MAX = 64 * 1024;
const PROVIDERS = new Set(authOptions.providers.map(({ id, options }) => (options as { id?: string })?.id ?? id));
const PLAIN_ACTIONS: Record<string, readonly string[]> = {
  GET: ["csrf", "session", "providers", "signin", "signout", "error"],
  POST: ["signout"],
};
const PROVIDER_ACTIONS: Record<string, readonly string[]> = { GET: ["signin"], POST: ["signin", "callback"] };

const runNextAuth = NextAuth(authOptions) as (request: NextRequest, context: Context) => Promise<Response>;

/** next-auth answers what it does not know with a 500 or with its own words, so only what it knows reaches it. */
function assertKnown(method: string, [action = "", provider, ...rest]: readonly string[]): void {
  const isKnown =
    rest.length === 0 &&
    (provider === undefined
      ? PLAIN_ACTIONS[method]?.includes(action)
      : PROVIDER_ACTIONS[method]?.includes(action) && PROVIDERS.has(provider));
  if (!isKnown) throw new DomainError("NOT_FOUND");
}

/** The form or the JSON object that was sent, as a form: the one kind of body next-auth is then given. */
async function readForm(request: Request): Promise<URLSearchParams> {
  const contentType = request.headers.get("content-type") ?? "";
  const isForm = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType);
  if (!isForm && !/^application\/json\s*(;|$)/i.test(contentType)) throw new DomainError("UNSUPPORTED_MEDIA_TYPE");
  const text = await readText(request, BODY_BYTES_MAX);
  const body = isForm ? Object.fromEntries(new URLSearchParams(text)) : parseJson(text === "" ? "{}" : text);
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw new DomainError("BAD_REQUEST");
  assertCleanInput(body);
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(body)) {
    if (typeof value !== "string") throw new DomainError("VALIDATION_FAILED", { param: name.slice(0, 80) });
    form.set(name, value);
  }
  return form;
}

/** Counts a sign-in against its sender's address, unless it succeeds: guessing is what the limit is for. */
async function limited(request: Request, work: () => Promise<Response>): Promise<Response> {
  const peer = peerAddress(request);
  await consumeRateLimit("auth", peer);
  const response = await work();
  const isSignedIn = response.headers.getSetCookie().some((line) => /\.session=[^;]/.test(line));
  if (isSignedIn) await refundRateLimit("auth", peer);
  return response;
}

/** next-auth behind a door of ours: known addresses, sound bodies of a bounded size, and the limit for sign-ins. */
export function handleAuth(request: NextRequest, context: Context): Promise<Response> {
  return answerWithId(request, "auth", async () => {
    const path = (await context.params).nextauth;
    assertKnown(request.method, path);
    assertCleanInput([...request.nextUrl.searchParams]);
    if (request.method !== "POST") return runNextAuth(request, context);
    const body = (await readForm(request)).toString();
    const headers = new Headers({ "content-type": "application/x-www-form-urlencoded" });
    const run = () => runNextAuth(new NextRequest(request.url, { method: "POST", headers, body }), context);
    return path[0] === "callback" ? limited(request, run) : run();
  });
}
