/** The tokens that are traded for dollars: what a deployment calls each, and its price feed. */
export const LISTED_TOKENS = [
  ["WETH", "EtherFeed"],
  ["TestBTC", "BitcoinFeed"],
] as const;

/** No older price is traded on or counted with. */
export const STALE_SECONDS = 180;
