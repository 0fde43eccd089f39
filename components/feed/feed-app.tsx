"use client";

import Link from "next/link";
import { useEffect, useMemo, useRef, useState } from "react";
import { newId } from "#core/ids.ts";
import { LogoMark } from "../shell/logo.tsx";
import { CashOutSheet } from "./cash-out-sheet.tsx";
import { FeedCardView } from "./feed-card.tsx";
import { FeedCounter } from "./feed-counter.tsx";
import { dealCards } from "./feed-deck.ts";
import { FeedNotice } from "./feed-notice.tsx";
import { useAttention } from "./use-attention.ts";
import { useFeedSession } from "./use-feed-session.ts";

const CARDS_AT_ONCE = 12;

/** The feed of somebody who is signed in: it counts what they read as they read it. */
export function FeedApp({ userId }: { userId: string }) {
  const { session, snapshot } = useFeedSession(userId);
  const { listRef, activeKey, isIdle } = useAttention({
    onAttention: (attention) => session.record({ id: newId("event"), ...attention }),
    onLook: (dwellMs) => session.showLook(dwellMs),
  });
  const [count, setCount] = useState(CARDS_AT_ONCE);
  const cards = useMemo(() => dealCards(count), [count]);
  const endRef = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const end = endRef.current;
    if (!end) return;
    const more = new IntersectionObserver(
      ([entry]) => entry?.isIntersecting && setCount((shown) => shown + CARDS_AT_ONCE),
      { rootMargin: "200% 0px" },
    );
    more.observe(end);
    return () => more.disconnect();
  }, []);

  return (
    <>
      <header className="sticky top-0 z-10 bg-canvas">
        <div className="flex items-center gap-4 border-line border-b px-6 pt-[max(12px,env(safe-area-inset-top))] pb-3">
          <FeedCounter snapshot={snapshot} />
          <div className="ml-auto flex items-center gap-3">
            <CashOutSheet session={session} snapshot={snapshot} />
            <Link href="/" aria-label="Converge" className="rounded-sm p-1 text-ink">
              <LogoMark className="size-6" />
            </Link>
          </div>
        </div>
        <FeedNotice snapshot={snapshot} isIdle={isIdle} />
      </header>
      <main id="main">
        <h1 className="sr-only">Read and earn</h1>
        <ul ref={listRef}>
          {cards.map((card) => (
            <FeedCardView key={card.key} card={card} isActive={card.key === activeKey} />
          ))}
        </ul>
        <div ref={endRef} aria-hidden className="h-px" />
      </main>
    </>
  );
}
