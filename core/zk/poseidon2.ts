/** Order of the BN254 scalar field, in which circuits compute and public inputs live. */
export const FIELD_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

const WIDTH = 4;
const FULL_ROUNDS = 8;
const PARTIAL_ROUNDS = 56;

/** Diagonal of the internal matrix minus the identity, as fixed by Barretenberg's instance for width 4. */
const INTERNAL_DIAGONAL = [
  0x10dc6e9c006ea38b04b1e03b4bd9490c0d03f98929ca1d7fb56821fd19d3b6e7n,
  0x0c28145b6a44df3e0149b3d0a30b3bb599df9756d4dd9b84a86b38cfb45a740bn,
  0x00544b8338791518b2c7645a50392798b21f75bb60e3596170067d00141cac15n,
  0x222c01175718386f2e2e82eb122789e352e105a3b8fa852613bc534433ee428bn,
] as const;

type State = [bigint, bigint, bigint, bigint];

/**
 * Round constants from the Grain generator of the Poseidon paper, so that no list of 88 numbers has to be trusted.
 *
 * The seed spells the instance: prime field, x^5, 254 bits, width 4, 8 full and 56 partial rounds.
 */
function generateRoundConstants(): bigint[] {
  const bits: number[] = [];
  const seed: [number, number][] = [
    [1, 2],
    [0, 4],
    [254, 12],
    [WIDTH, 12],
    [FULL_ROUNDS, 10],
    [PARTIAL_ROUNDS, 10],
    [2 ** 30 - 1, 30],
  ];
  for (const [value, length] of seed) {
    for (let i = length - 1; i >= 0; i--) bits.push(Math.floor(value / 2 ** i) % 2);
  }
  let head = 0;
  const at = (i: number) => bits[head + i] ?? 0;
  const step = () => {
    const bit = at(62) ^ at(51) ^ at(38) ^ at(23) ^ at(13) ^ at(0);
    bits.push(bit);
    head++;
    return bit;
  };
  for (let i = 0; i < 160; i++) step();
  const nextBit = () => {
    while (step() === 0) step();
    return step();
  };
  const constants: bigint[] = [];
  while (constants.length < WIDTH * FULL_ROUNDS + PARTIAL_ROUNDS) {
    let candidate = 0n;
    for (let i = 0; i < 254; i++) candidate = (candidate << 1n) | BigInt(nextBit());
    if (candidate < FIELD_ORDER) constants.push(candidate);
  }
  return constants;
}

let roundConstants: bigint[] | undefined;

const mod = (value: bigint) => {
  const rest = value % FIELD_ORDER;
  return rest < 0n ? rest + FIELD_ORDER : rest;
};

function fifthPower(value: bigint): bigint {
  const square = (value * value) % FIELD_ORDER;
  return (((square * square) % FIELD_ORDER) * value) % FIELD_ORDER;
}

/** Multiplies by [5,7,1,3; 4,6,1,1; 1,3,5,7; 1,1,4,6]. */
function mixExternal([a, b, c, d]: State): State {
  return [
    mod(5n * a + 7n * b + c + 3n * d),
    mod(4n * a + 6n * b + c + d),
    mod(a + 3n * b + 5n * c + 7n * d),
    mod(a + b + 4n * c + 6n * d),
  ];
}

function mixInternal([a, b, c, d]: State): State {
  const sum = a + b + c + d;
  const [da, db, dc, dd] = INTERNAL_DIAGONAL;
  return [mod(a * da + sum), mod(b * db + sum), mod(c * dc + sum), mod(d * dd + sum)];
}

/** The Poseidon2 permutation over BN254 of width 4, equal to Noir's `poseidon2_permutation`. */
export function poseidon2Permutation(input: State): State {
  roundConstants ??= generateRoundConstants();
  const constants = roundConstants;
  let cursor = 0;
  const next = () => constants[cursor++] ?? 0n;
  const fullRound = ([a, b, c, d]: State): State =>
    mixExternal([
      fifthPower(mod(a + next())),
      fifthPower(mod(b + next())),
      fifthPower(mod(c + next())),
      fifthPower(mod(d + next())),
    ]);
  let state = mixExternal(input);
  for (let round = 0; round < FULL_ROUNDS / 2; round++) state = fullRound(state);
  for (let round = 0; round < PARTIAL_ROUNDS; round++) {
    const [a, b, c, d] = state;
    state = mixInternal([fifthPower(mod(a + next())), b, c, d]);
  }
  for (let round = 0; round < FULL_ROUNDS / 2; round++) state = fullRound(state);
  return state;
}

/** Sponge of rate 3; the capacity starts as `domain * 2^64 + length`. Equal to `zk_gadgets::sponge::hash`. */
export function poseidon2Hash(domain: bigint, input: readonly bigint[]): bigint {
  let state: State = [0n, 0n, 0n, mod(domain * 2n ** 64n + BigInt(input.length))];
  for (let block = 0; block < input.length; block += 3) {
    const [a, b, c, capacity] = state;
    state = poseidon2Permutation([
      mod(a + (input[block] ?? 0n)),
      mod(b + (input[block + 1] ?? 0n)),
      mod(c + (input[block + 2] ?? 0n)),
      capacity,
    ]);
  }
  return state[0];
}
