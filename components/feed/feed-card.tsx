import { type CSSProperties, memo } from "react";
import type { FeedTopic } from "#core/feed-cards.ts";
import { FeedArt, TOPIC_ACCENTS } from "./feed-art.tsx";
import type { DealtCard } from "./feed-deck.ts";

const TOPIC_NAMES: Record<FeedTopic, string> = {
  converge: "How Converge works",
  compute: "Computing",
  models: "Models",
  proofs: "Proofs",
  privacy: "Privacy",
};

/** The accent as a variable, so that the drawing and the mark take it from one place. */
const accentOf = (topic: FeedTopic): CSSProperties & { "--accent": string } => ({ "--accent": TOPIC_ACCENTS[topic] });

/** One card. While it is being read, the mark at its edge is lit. */
export const FeedCardView = memo(function FeedCardView({ card, isActive }: { card: DealtCard; isActive: boolean }) {
  return (
    <li
      data-card-key={card.key}
      data-item-id={card.id}
      data-active={isActive || undefined}
      style={accentOf(card.topic)}
      className="group relative flex min-h-[min(72svh,600px)] flex-col gap-6 border-line border-b px-6 py-8"
    >
      <span
        aria-hidden
        className="absolute inset-y-8 left-0 w-0.5 rounded-full bg-(--accent) opacity-0 transition-opacity duration-200 group-data-active:opacity-100"
      />
      <div className="flex flex-1 items-center">
        <FeedArt id={card.id} topic={card.topic} />
      </div>
      <article>
        <p className="eyebrow flex items-center gap-2">
          <span aria-hidden className="size-1.5 rounded-full bg-(--accent)" />
          {TOPIC_NAMES[card.topic]}
        </p>
        <h2 className="mt-3 text-balance font-semibold text-2xl tracking-tight">{card.title}</h2>
        <p className="mt-3 text-pretty text-ink-2 text-lg">{card.body}</p>
      </article>
    </li>
  );
});
