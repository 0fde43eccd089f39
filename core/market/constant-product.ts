const FEE_KEPT = 997n;
const FEE_WHOLE = 1_000n;

/**
 * What a Uniswap v2 pool gives for an amount, after its fee of 0.3 %, rounded as the pool rounds (the router's
 * `getAmountOut`). Reserves and amounts are base units.
 */
export function amountOut(amountIn: bigint, reserveIn: bigint, reserveOut: bigint): bigint {
  if (amountIn <= 0n || reserveIn <= 0n || reserveOut <= 0n) return 0n;
  const kept = amountIn * FEE_KEPT;
  return (kept * reserveOut) / (reserveIn * FEE_WHOLE + kept);
}

/** The whole square root, rounded down. */
export function squareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let guess = 1n << (BigInt(value.toString(2).length + 1) / 2n);
  while (true) {
    const next = (guess + value / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

/**
 * What has to be sold into a pool so that its marginal price becomes `wantOut` of the bought for `wantIn` of the sold;
 * zero when the price is beyond that already. The fee is left out: it is what keeps the last part of a percent from
 * being worth anybody's trade.
 */
export function amountToPrice(reserveIn: bigint, reserveOut: bigint, wantIn: bigint, wantOut: bigint): bigint {
  const target = squareRoot((reserveIn * reserveOut * wantIn) / wantOut);
  return target > reserveIn ? target - reserveIn : 0n;
}
