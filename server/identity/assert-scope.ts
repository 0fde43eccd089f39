import { DomainError } from "#core/errors.ts";
import type { Scope } from "#core/scopes.ts";
import type { Actor } from "./actor.ts";

/** Refuses an API key that was not given the scope; a browser session has them all. */
export function assertScope(actor: Actor, scope: Scope): void {
  if (actor.via === "api_key" && !actor.scopes.includes(scope)) throw new DomainError("SCOPE_MISSING", { scope });
}
