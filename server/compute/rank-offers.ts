import type { Routing } from "#core/schemas/chat.ts";
import type { OfferFeature } from "#core/schemas/node-protocol.ts";
import type { NodeTrust } from "#core/schemas/trust.ts";

/** How a caller wants a node chosen: `model:floor` takes the cheapest, `model:nitro` the fastest. */
export type Preference = "balanced" | "floor" | "nitro";

export type Candidate = {
  offerId: string;
  nodeId: string;
  ownerId: string;
  /** The ledger account its work is paid to: its provider's, or its pool's. */
  payee: string;
  publicKey: string;
  inputPrice: bigint;
  outputPrice: bigint;
  contextTokens: number;
  canContinue: boolean;
  precision: string | null;
  features: OfferFeature[];
  region: string | null;
  capacity: number;
  inFlight: number;
  tokensPerSecond: number | null;
  firstTokenMs: number | null;
  failures: number;
  lastFailureAt: Date | null;
  openUntil: Date | null;
  directUrl: string | null;
  directKey: string | null;
  trust: NodeTrust;
  isReference: boolean;
  /** Whether its evidence of a trusted environment was verified and still counts. */
  isAttested: boolean;
};

/** What a request is made of, as far as choosing a node depends on it. */
export type Wish = {
  preference: Preference;
  promptTokens: number;
  tokensMax: number;
  /** The node that answered for this conversation before, whose cache has its beginning. */
  stickyNodeId: string | null;
};

/** A node that just failed waits this long before it is first choice again. */
const OUTAGE_WINDOW_MS = 30_000;
/** Most answers end long before their limit; prices are weighed by what is likely. */
const LIKELY_TOKENS = 400;
/** A cache is worth this much of the price, in hundredths. */
const STICKY_HUNDREDTHS = 75n;
const UNMEASURED_TOKENS_PER_SECOND = 20;

export function readModelName(name: string): { model: string; preference: Preference } {
  const suffix = /^(.*):(floor|nitro)$/.exec(name);
  if (!suffix?.[1]) return { model: name, preference: "balanced" };
  return { model: suffix[1], preference: suffix[2] === "floor" ? "floor" : "nitro" };
}

export const preferenceOf = (sort: Routing["sort"], otherwise: Preference): Preference => {
  if (sort == null) return otherwise;
  return sort === "price" ? "floor" : sort === "speed" ? "nitro" : "balanced";
};

/** Why a candidate does not fit a request's demands, or null. The demands a caller names are never loosened. */
export function misfit(candidate: Candidate, needs: readonly OfferFeature[], routing: Routing): string | null {
  const lacks = needs.find((feature) => !candidate.features.includes(feature));
  if (lacks) return `feature:${lacks}`;
  if (routing.node && candidate.nodeId !== routing.node) return "node";
  if (routing.precision && candidate.precision !== routing.precision.toLowerCase()) return "precision";
  if (routing.attested_only && !candidate.isAttested) return "attested_only";
  if (routing.region && candidate.region !== routing.region) return "region";
  const { input, output } = routing.max_price ?? {};
  if (input !== undefined && candidate.inputPrice > BigInt(input)) return "max_price";
  if (output !== undefined && candidate.outputPrice > BigInt(output)) return "max_price";
  return null;
}

/** What a request likely costs there, in millionths of a micro-dollar. */
const likelyCost = (node: Candidate, wish: Wish): bigint =>
  node.inputPrice * BigInt(wish.promptTokens) + node.outputPrice * BigInt(Math.min(wish.tokensMax, LIKELY_TOKENS));

/** How long it likely takes there, in milliseconds. */
const likelyMs = (node: Candidate, wish: Wish): number =>
  (node.firstTokenMs ?? 1_000) +
  (Math.min(wish.tokensMax, LIKELY_TOKENS) * 1_000) /
    Math.max(0.1, node.tokensPerSecond ?? UNMEASURED_TOKENS_PER_SECOND);

const isOpen = (node: Candidate, nowMs: number): boolean => node.openUntil !== null && node.openUntil.getTime() > nowMs;

/**
 * Best candidate first: healthy nodes with room before all others, then by what the caller prefers. "Balanced" weighs
 * the price by how full and how slow the node is, so that equal prices share the load and a slow one is cheaper or
 * not chosen; the node whose cache has the conversation counts as cheaper than it is.
 */
export function rankOffers(candidates: readonly Candidate[], wish: Wish, nowMs: number): Candidate[] {
  const trouble = (node: Candidate) =>
    (isOpen(node, nowMs) ? 4 : 0) +
    (node.lastFailureAt && nowMs - node.lastFailureAt.getTime() < OUTAGE_WINDOW_MS ? 2 : 0) +
    (node.inFlight >= node.capacity ? 1 : 0);
  const balanced = (node: Candidate): bigint => {
    const load = 1 + node.inFlight / node.capacity;
    const slowness = 1 + Math.min(3, likelyMs(node, wish) / 10_000);
    const weighed = (likelyCost(node, wish) + 1n) * BigInt(Math.round(1_000 * load * slowness));
    return node.nodeId === wish.stickyNodeId ? (weighed * STICKY_HUNDREDTHS) / 100n : weighed;
  };
  const compare = (left: bigint, right: bigint) => (left < right ? -1 : left > right ? 1 : 0);
  const byPreference = (left: Candidate, right: Candidate): number => {
    if (wish.preference === "nitro") return likelyMs(left, wish) - likelyMs(right, wish);
    if (wish.preference === "floor") return compare(likelyCost(left, wish), likelyCost(right, wish));
    return compare(balanced(left), balanced(right));
  };
  return [...candidates].sort(
    (left, right) =>
      trouble(left) - trouble(right) ||
      byPreference(left, right) ||
      left.inFlight - right.inFlight ||
      (left.nodeId < right.nodeId ? -1 : 1),
  );
}
