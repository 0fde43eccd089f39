/** Prices are micro-dollars for a million tokens, so a token's cost is counted in millionths of a micro-dollar. */
const TOKENS_PER_PRICE = 1_000_000n;

/** What the platform keeps of what a completion cost: five in a hundred. */
export const PLATFORM_FEE_BPS = 500n;
const BPS = 10_000n;

export type Price = { inputPrice: bigint; outputPrice: bigint };
export type Usage = { promptTokens: number; completionTokens: number };

/** One node's part of an answer, and the ledger account it is paid to. The prompt is charged once, by the node that delivered the first token. */
export type Segment = Price & { nodeId: string; payee: string; promptTokens: number; completionTokens: number };

export type Settlement = { charged: bigint; fee: bigint; parts: { payee: string; amount: bigint }[] };

/** What a usage is worth at a price, in millionths of a micro-dollar. */
export const rawCost = (price: Price, usage: Usage): bigint =>
  price.inputPrice * BigInt(usage.promptTokens) + price.outputPrice * BigInt(usage.completionTokens);

/** What a usage costs in micro-dollars, rounded up once for the whole request. */
export const costOf = (price: Price, usage: Usage): bigint =>
  (rawCost(price, usage) + TOKENS_PER_PRICE - 1n) / TOKENS_PER_PRICE;

/** The most that a request can cost at any of these prices: what is reserved before a node hears of it. */
export function worstCase(prices: readonly Price[], usage: Usage): bigint {
  let inputPrice = 0n;
  let outputPrice = 0n;
  for (const price of prices) {
    if (price.inputPrice > inputPrice) inputPrice = price.inputPrice;
    if (price.outputPrice > outputPrice) outputPrice = price.outputPrice;
  }
  return costOf({ inputPrice, outputPrice }, usage);
}

/**
 * Splits what was delivered into what the payer pays, what each provider gets and what the platform keeps.
 *
 * Rounded up once for the request, so the payer's dust is below one micro-dollar; the fee is rounded down, in the
 * providers' favour. Only what was delivered is given to it. The parts and the fee add up to `charged` exactly.
 */
export function settle(segments: readonly Segment[], feeBps: bigint = PLATFORM_FEE_BPS): Settlement {
  const raw = segments.map((segment) => rawCost(segment, segment));
  const rawTotal = raw.reduce((sum, cost) => sum + cost, 0n);
  const charged = (rawTotal + TOKENS_PER_PRICE - 1n) / TOKENS_PER_PRICE;
  const fee = (charged * feeBps) / BPS;
  const byPayee = new Map<string, bigint>();
  let left = charged - fee;
  segments.forEach((segment, i) => {
    const isLast = i === segments.length - 1;
    // What rounding leaves over goes to the last provider, so that nothing is lost.
    const amount = isLast ? left : rawTotal === 0n ? 0n : ((charged - fee) * (raw[i] ?? 0n)) / rawTotal;
    left -= amount;
    byPayee.set(segment.payee, (byPayee.get(segment.payee) ?? 0n) + amount);
  });
  const parts = [...byPayee].map(([payee, amount]) => ({ payee, amount })).filter((part) => part.amount > 0n);
  return { charged, fee, parts };
}
