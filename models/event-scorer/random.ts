/** A small seeded generator (mulberry32), so that training gives the same bytes on every machine. */
export function seededRandom(seed: number) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    uniform,
    normal,
    between: (low: number, high: number) => low + (high - low) * uniform(),
    integer: (low: number, high: number) => low + Math.floor((high - low + 1) * uniform()),
    logNormal: (median: number, sigma: number) => median * Math.exp(sigma * normal()),
  };
}

export type Random = ReturnType<typeof seededRandom>;
