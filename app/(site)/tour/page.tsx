import type { Metadata } from "next";
import { TourView } from "#components/tour/tour-view.tsx";
import { JOURNEY } from "#core/journey/journey.ts";
import { network } from "#server/api/network.ts";
import { currentActor } from "#server/identity/current-actor.ts";
import { getMe } from "#server/identity/get-me.ts";

export const metadata: Metadata = {
  title: "The tour",
  description: "One person's way through compute, agents, proofs and rewards, walked for real in your browser.",
};

async function findVisitor() {
  const actor = await currentActor();
  if (!actor) return null;
  const { name, demoName } = await getMe(actor);
  return { name, isShared: demoName !== null };
}

/** What the page tells about each step; what runs it is fetched when somebody walks. */
const STEPS = JOURNEY.map(({ name, title, behind }) => ({ name, title, behind }));

/** The same walk as `npm run journey`, in the visitor's browser. */
export default async function TourPage() {
  const visitor = await findVisitor().catch(() => null);
  return (
    <div className="mx-auto w-full max-w-6xl px-4 py-8 md:px-6 md:py-12">
      <header className="mb-6">
        <h1 className="font-semibold text-2xl tracking-tight">The tour</h1>
        <p className="mt-2 max-w-2xl text-pretty text-ink-2 text-lg">
          Earn, spend, delegate, prove, cash out: one person's way through all four pillars. Every step happens for real
          when you press, and shows what was behind it.
          {network.isDevelopment && " The money is play money; everything else is not."}
        </p>
      </header>
      <TourView steps={STEPS} visitor={visitor} />
    </div>
  );
}
