import { cookies } from "next/headers";
import type { Actor } from "./actor.ts";
import { findCookieActor } from "./authenticate-request.ts";

/** The signed-in person of a page being rendered, or null. Every page that needs one asks for itself. */
export async function currentActor(): Promise<Actor | null> {
  return findCookieActor((await cookies()).toString());
}
