const DIGITS = 4;

const ends = (address: string): string => {
  const digits = address.toLowerCase().replace(/^0x/, "");
  return `${digits.slice(0, DIGITS)}${digits.slice(-DIGITS)}`;
};

/**
 * The known address that another one could be taken for: the digits that people compare are the same, the rest is not.
 *
 * Whoever makes such an address sends a little from it, so that it stands in a history and is copied from there.
 */
export function findLookalike<Known extends { address: string }>(
  address: string,
  known: readonly Known[],
): Known | undefined {
  const wanted = address.toLowerCase();
  if (known.some((one) => one.address.toLowerCase() === wanted)) return undefined;
  return known.find((one) => ends(one.address) === ends(wanted));
}
