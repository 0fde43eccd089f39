import { FeedApp } from "#components/feed/feed-app.tsx";
import { FeedWelcome } from "#components/feed/feed-welcome.tsx";
import { currentActor } from "#server/identity/current-actor.ts";

export default async function FeedPage() {
  const actor = await currentActor();
  return actor ? <FeedApp userId={actor.userId} /> : <FeedWelcome />;
}
