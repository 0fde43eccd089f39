/** How a caller wants a node chosen: `model:floor` takes the cheapest, `model:nitro` the fastest. */
export type Preference = "balanced" | "floor" | "nitro";

export type Candidate = {
  nodeId: string;
  ownerId: string;
  publicKey: string;
  inputPrice: bigint;
  outputPrice: bigint;
  contextTokens: number;
  canContinue: boolean;
  capacity: number;
  inFlight: number;
  tokensPerSecond: number | null;
  lastFailureAt: Date | null;
};

/** A node that just failed waits this long before it is first choice again. */
const OUTAGE_WINDOW_MS = 30_000;

export function readModelName(name: string): { model: string; preference: Preference } {
  const suffix = /^(.*):(floor|nitro)$/.exec(name);
  if (!suffix?.[1]) return { model: name, preference: "balanced" };
  return { model: suffix[1], preference: suffix[2] === "floor" ? "floor" : "nitro" };
}

/**
 * Best candidate first: healthy nodes with room before all others, then by what the caller prefers. "Balanced"
 * weighs the price by how full the node is, so that equal prices share the load.
 */
export function rankOffers(candidates: readonly Candidate[], preference: Preference, nowMs: number): Candidate[] {
  const trouble = (node: Candidate) =>
    (node.lastFailureAt && nowMs - node.lastFailureAt.getTime() < OUTAGE_WINDOW_MS ? 2 : 0) +
    (node.inFlight >= node.capacity ? 1 : 0);
  const price = (node: Candidate) => node.inputPrice + node.outputPrice;
  const crowdedPrice = (node: Candidate) =>
    (price(node) + 1n) * BigInt(Math.round(1000 * (1 + node.inFlight / node.capacity)));
  const speed = (node: Candidate) => node.tokensPerSecond ?? 0;
  const compare = (left: bigint, right: bigint) => (left < right ? -1 : left > right ? 1 : 0);
  const byPreference = (left: Candidate, right: Candidate): number => {
    if (preference === "nitro") return speed(right) - speed(left);
    if (preference === "floor") return compare(price(left), price(right));
    return compare(crowdedPrice(left), crowdedPrice(right));
  };
  return [...candidates].sort(
    (left, right) =>
      trouble(left) - trouble(right) ||
      byPreference(left, right) ||
      left.inFlight - right.inFlight ||
      (left.nodeId < right.nodeId ? -1 : 1),
  );
}
