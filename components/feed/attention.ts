import type { EventKind } from "#core/event-batch.ts";

/** A card counts as looked at from this share of it, or of the screen, on. */
const VISIBLE_SHARE_MIN = 0.6;
/** Flying past is not looking. */
const VIEW_AFTER_MS = 400;
/** A look shorter than this pays nothing, so it is not told. */
const DWELL_MS_MIN = 1000;
/** A long look is told in pieces, so that little is lost when the phone goes away. */
const PIECE_MS = 10_000;
/** Without a touch for so long, nobody may be there. */
const IDLE_MS = 30_000;
const SCROLLED_MS = 2000;
const TICK_MS = 200;
const THRESHOLDS = Array.from({ length: 21 }, (_, i) => i / 20);

export type Attention = { itemId: string; kind: EventKind; atMs: number; dwellMs?: number; depth?: number };

export type AttentionReport = {
  onAttention: (attention: Attention) => void;
  /** What the look in progress has lasted since it was last told. */
  onLook: (dwellMs: number) => void;
  onActive: (active: { key: string | null; isIdle: boolean }) => void;
};

type Card = { key: string; itemId: string };
type Look = Card & { cameAtMs: number; pieceAtMs: number; isViewed: boolean; cameByScroll: boolean };

/**
 * Finds the card that is being read, and tells what was seen of it: the one that fills most of the screen, while the
 * page is in front and somebody touched it lately. Cards are the children of `list` with `data-card-key`.
 */
export class AttentionTracker {
  readonly #list: HTMLElement;
  readonly #report: AttentionReport;
  readonly #shares = new Map<HTMLElement, number>();
  readonly #cards: IntersectionObserver;
  readonly #additions: MutationObserver;
  readonly #listening = new AbortController();
  readonly #timer: ReturnType<typeof setInterval>;
  #look: Look | null = null;
  #touchedAtMs = Date.now();
  #scrolledAtMs = 0;
  #isIdle = false;

  constructor(list: HTMLElement, report: AttentionReport) {
    this.#list = list;
    this.#report = report;
    this.#cards = new IntersectionObserver((entries) => this.#measure(entries), { threshold: THRESHOLDS });
    this.#additions = new MutationObserver(() => this.#observeCards());
    this.#additions.observe(list, { childList: true });
    this.#observeCards();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);

    const { signal } = this.#listening;
    const touch = () => {
      this.#touchedAtMs = Date.now();
    };
    const scroll = () => {
      this.#scrolledAtMs = this.#touchedAtMs = Date.now();
    };
    const hide = () => {
      if (document.visibilityState !== "visible") this.#leave();
    };
    for (const name of ["pointerdown", "pointermove", "keydown"]) {
      window.addEventListener(name, touch, { passive: true, signal });
    }
    window.addEventListener("scroll", scroll, { passive: true, signal });
    window.addEventListener("pagehide", hide, { signal });
    document.addEventListener("visibilitychange", hide, { signal });
  }

  stop(): void {
    this.#leave();
    clearInterval(this.#timer);
    this.#cards.disconnect();
    this.#additions.disconnect();
    this.#listening.abort();
  }

  #observeCards(): void {
    for (const card of this.#list.querySelectorAll<HTMLElement>("[data-card-key]")) {
      if (this.#shares.has(card)) continue;
      this.#shares.set(card, 0);
      this.#cards.observe(card);
    }
  }

  #measure(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, intersectionRect, boundingClientRect } of entries) {
      // A card taller than the screen cannot be seen whole, so its share is of the screen.
      const whole = Math.min(boundingClientRect.height, window.innerHeight);
      if (target instanceof HTMLElement) this.#shares.set(target, whole > 0 ? intersectionRect.height / whole : 0);
    }
  }

  #findCard(): Card | null {
    let best: { card: HTMLElement; share: number } | null = null;
    for (const [card, share] of this.#shares) {
      if (share >= VISIBLE_SHARE_MIN && share > (best?.share ?? 0)) best = { card, share };
    }
    const { cardKey: key, itemId } = best?.card.dataset ?? {};
    return key && itemId ? { key, itemId } : null;
  }

  #tick(): void {
    const nowMs = Date.now();
    const isIdle = nowMs - this.#touchedAtMs > IDLE_MS;
    const card = isIdle || document.visibilityState !== "visible" ? null : this.#findCard();
    if (card?.key !== this.#look?.key || isIdle !== this.#isIdle) {
      this.#isIdle = isIdle;
      this.#leave();
      if (card) this.#come(card, nowMs);
      this.#report.onActive({ key: card?.key ?? null, isIdle });
    }
    const look = this.#look;
    if (!look) return;
    if (!look.isViewed && nowMs - look.cameAtMs >= VIEW_AFTER_MS) this.#view(look);
    if (look.isViewed) this.#report.onLook(nowMs - look.pieceAtMs);
    if (nowMs - look.pieceAtMs >= PIECE_MS) this.#endPiece(look, nowMs);
  }

  #come(card: Card, nowMs: number): void {
    const cameByScroll = nowMs - this.#scrolledAtMs < SCROLLED_MS;
    this.#look = { ...card, cameAtMs: nowMs, pieceAtMs: nowMs, isViewed: false, cameByScroll };
  }

  #view(look: Look): void {
    look.isViewed = true;
    const { itemId, cameAtMs } = look;
    if (look.cameByScroll) this.#report.onAttention({ itemId, kind: "scroll", atMs: cameAtMs, depth: this.#depth() });
    this.#report.onAttention({ itemId, kind: "view", atMs: cameAtMs });
  }

  #endPiece(look: Look, atMs: number): void {
    const dwellMs = atMs - look.pieceAtMs;
    if (look.isViewed && dwellMs >= DWELL_MS_MIN) {
      this.#report.onAttention({ itemId: look.itemId, kind: "dwell", atMs, dwellMs });
    }
    look.pieceAtMs = atMs;
    this.#report.onLook(0);
  }

  #leave(): void {
    if (this.#look) this.#endPiece(this.#look, Date.now());
    this.#look = null;
  }

  /** How far down the list the reader is, 0 to 100. */
  #depth(): number {
    const { top, height } = this.#list.getBoundingClientRect();
    return Math.round(Math.min(100, Math.max(0, ((window.innerHeight - top) / height) * 100)));
  }
}
