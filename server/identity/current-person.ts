import { currentActor } from "./current-actor.ts";
import { getMe } from "./get-me.ts";

/** The signed-in person of a page being rendered, with their name; null for a stranger. */
export async function currentPerson() {
  const actor = await currentActor();
  if (!actor) return null;
  const { name } = await getMe(actor);
  return { ...actor, name };
}
