import { acvm, abi as noirAbi } from "@noir-lang/noir_js";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { toWord } from "#core/zk/inference-request.ts";
import { publicInputsOf, requantise, toCircuitInput } from "#core/zk/mlp.ts";
import { FIELD_ORDER, poseidon2Hash } from "#core/zk/poseidon2.ts";
import { arbitraryFeatures, arbitraryModel } from "#models/event-scorer/arbitrary-model.ts";
import { EVENT_SCORER_CIRCUIT, loadCircuit } from "./circuit-artifact.ts";
import { CIRCUIT_NAMES, compileCircuit, hashCircuitSources } from "./compile-circuit.ts";
import { solveWitness } from "./prove-circuit.ts";
import { readShippedWeights } from "./trained-model.ts";

const scorer = loadCircuit(EVENT_SCORER_CIRCUIT);
const probe = loadCircuit("gadget_probe");
const bytecodeOf = (circuit: { bytecode: string }) => Buffer.from(circuit.bytecode, "base64");
const noForeignCalls = () => Promise.reject(new Error("The circuit calls nothing."));
const arbitraryField = fc.bigInt({ min: 0n, max: FIELD_ORDER - 1n });

/** Solves with the raw witness, as a prover who skips our client would: only the circuit's own constraints judge. */
async function solveRaw(circuit: typeof scorer, witness: Map<number, string>) {
  const { solvedWitness, returnWitness } = await acvm.executeCircuitWithReturnWitness(
    bytecodeOf(circuit),
    witness,
    noForeignCalls,
  );
  return { solvedWitness, returned: [...returnWitness.values()].map(BigInt) };
}

beforeAll(async () => {
  // The first execution loads the WebAssembly modules that the raw calls need.
  await solveWitness(scorer, toCircuitInput(sampleInput()));
});

function sampleInput() {
  return {
    model: readShippedWeights("event-scorer"),
    salt: 77n,
    features: Array.from({ length: 16 }, (_, i) => i * 16),
    inputSalt: 5n,
    context: 42n,
  };
}

test("the committed circuits are what the pinned compiler makes of the sources", async () => {
  for (const name of CIRCUIT_NAMES) {
    const committed = loadCircuit(name);
    expect(committed.sourceHash, `run node scripts/compile-circuits.ts`).toBe(hashCircuitSources(name));
    expect((await compileCircuit(name)).bytecode === committed.bytecode, name).toBe(true);
  }
}, 120_000);

test("the circuit's size does not drift unseen", () => {
  expect(scorer.gates).toBe(5600);
});

test("the circuit equals the integer reference for random models and inputs", async () => {
  await fc.assert(
    fc.asyncProperty(
      arbitraryModel,
      arbitraryFeatures,
      arbitraryField,
      arbitraryField,
      arbitraryField,
      async (model, features, salt, inputSalt, context) => {
        const input = { model, features, salt, inputSalt, context };
        const { returned } = await solveRaw(scorer, noirAbi.abiEncode(scorer.abi, toCircuitInput(input)));
        expect(returned).toEqual(publicInputsOf(input).slice(1));
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);

describe("a dishonest prover of the scorer", () => {
  // Offsets of the inputs in the witness, in the order of the circuit's parameters.
  const HIDDEN_BIASES = 256;
  const HIDDEN_SHIFT = 272;
  const OUTPUT_WEIGHTS = 273;
  const OUTPUT_BIAS = 289;
  const OUTPUT_SHIFT = 290;
  const FEATURES = 292;

  test.each([
    ["a weight of 256", 0, 256n],
    ["a weight of -1 modulo the field", 255, FIELD_ORDER - 1n],
    ["an output weight of 256", OUTPUT_WEIGHTS, 256n],
    ["a bias of 2^23", HIDDEN_BIASES, 2n ** 23n],
    ["a negative bias", HIDDEN_BIASES + 15, FIELD_ORDER - 1n],
    ["an output bias of 2^23", OUTPUT_BIAS, 2n ** 23n],
    ["a shift of 0", HIDDEN_SHIFT, 0n],
    ["a shift of 17", HIDDEN_SHIFT, 17n],
    ["an output shift of 256", OUTPUT_SHIFT, 256n],
    ["a feature of 256", FEATURES, 256n],
    ["a feature of -1 modulo the field", FEATURES + 15, FIELD_ORDER - 1n],
  ])("cannot use %s", async (_, index, value) => {
    const witness = noirAbi.abiEncode(scorer.abi, toCircuitInput(sampleInput()));
    witness.set(index, toWord(value));
    await expect(solveRaw(scorer, witness)).rejects.toThrow();
  });

  test("the offsets above are the ones meant", async () => {
    const input = sampleInput();
    const witness = noirAbi.abiEncode(scorer.abi, toCircuitInput(input));
    const at = (index: number) => BigInt(witness.get(index) ?? -1);
    expect(at(HIDDEN_BIASES)).toBe(BigInt((input.model.hiddenBiases[0] ?? 0) + 2 ** 22));
    expect(at(HIDDEN_SHIFT)).toBe(BigInt(input.model.hiddenShift));
    expect(at(OUTPUT_WEIGHTS)).toBe(BigInt((input.model.outputWeights[0] ?? 0) + 128));
    expect(at(OUTPUT_BIAS)).toBe(BigInt(input.model.outputBias + 2 ** 22));
    expect(at(OUTPUT_SHIFT)).toBe(BigInt(input.model.outputShift));
    expect(at(FEATURES + 15)).toBe(240n);
  });
});

describe("requantisation with hints chosen by the prover", () => {
  type Hint = { quotient: bigint; remainder: bigint; below: boolean; above: boolean };
  const OFFSET = 2n ** 24n;
  const inField = (value: bigint) => ((value % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;

  function honestHint(accumulator: number, shift: number): Hint {
    const divisor = 2n ** BigInt(shift);
    const total = BigInt(accumulator) + divisor / 2n + OFFSET * divisor;
    const value = total / divisor - OFFSET;
    return { quotient: total / divisor, remainder: total % divisor, below: value < 0n, above: value > 255n };
  }

  async function check(accumulator: number, shift: number, hint: Hint): Promise<bigint> {
    const witness = noirAbi.abiEncode(probe.abi, {
      accumulator: inField(BigInt(accumulator)).toString(),
      shift: String(shift),
      quotient: inField(hint.quotient).toString(),
      remainder: inField(hint.remainder).toString(),
      is_below: hint.below,
      is_above: hint.above,
      bytes: ["1", "2", "3", "4"],
    });
    const { returned } = await solveRaw(probe, witness);
    expect(returned[2]).toBe(poseidon2Hash(1n, [1n, 2n, 3n, 4n]));
    return returned[0] ?? -1n;
  }

  const arbitraryAccumulator = fc.oneof(
    fc.integer({ min: -(2 ** 23), max: 2 ** 23 - 1 }),
    fc.integer({ min: -2000, max: 2000 }),
  );
  const arbitraryShift = fc.integer({ min: 1, max: 16 });

  test("the honest hint is accepted and gives the reference's byte", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryAccumulator, arbitraryShift, async (accumulator, shift) => {
        const result = await check(accumulator, shift, honestHint(accumulator, shift));
        expect(result).toBe(BigInt(requantise(accumulator, shift)));
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  test("no other quotient, remainder or flag is accepted", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryAccumulator, arbitraryShift, async (accumulator, shift) => {
        const honest = honestHint(accumulator, shift);
        const divisor = 2n ** BigInt(shift);
        const inverse = modInverse(divisor);
        const lies: Hint[] = [
          // The remainder leaves its range and moves the quotient by one.
          { ...honest, quotient: honest.quotient - 1n, remainder: honest.remainder + divisor },
          { ...honest, quotient: honest.quotient + 1n, remainder: honest.remainder - divisor },
          { ...honest, quotient: honest.quotient + 5n, remainder: honest.remainder - 5n * divisor },
          // The quotient as a residue: q = (total - r') / d in the field, for a remainder that suits the prover.
          {
            ...honest,
            quotient: inField((honest.quotient * divisor + honest.remainder - 0n) * inverse),
            remainder: honest.remainder === 0n ? 1n : 0n,
          },
          {
            ...honest,
            quotient: inField((honest.quotient * divisor + honest.remainder - 1n) * inverse),
            remainder: 1n,
          },
          // Wrong claims about where the value lies.
          { ...honest, below: !honest.below },
          { ...honest, above: !honest.above },
          { ...honest, below: !honest.below, above: !honest.above },
        ];
        for (const lie of lies) {
          const isHonest = lie.quotient === honest.quotient && lie.remainder === honest.remainder;
          if (isHonest && lie.below === honest.below && lie.above === honest.above) continue;
          await expect(check(accumulator, shift, lie)).rejects.toThrow();
        }
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  test("accumulators beyond 24 bits are refused", async () => {
    for (const accumulator of [2 ** 23, -(2 ** 23) - 1]) {
      await expect(check(accumulator, 4, honestHint(accumulator, 4))).rejects.toThrow();
    }
  });

  function modInverse(value: bigint): bigint {
    let result = 1n;
    let base = value % FIELD_ORDER;
    for (let power = FIELD_ORDER - 2n; power > 0n; power >>= 1n) {
      if (power & 1n) result = (result * base) % FIELD_ORDER;
      base = (base * base) % FIELD_ORDER;
    }
    return result;
  }
});
