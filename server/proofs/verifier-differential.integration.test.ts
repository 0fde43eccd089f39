import { type Address, concat, createPublicClient, encodeFunctionData, http, size, slice } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { proofVerifierAbi } from "#core/generated/abis.ts";
import { VERIFIER_KINDS, type VerifierKind } from "#core/schemas/proof.ts";
import { toCircuitInput } from "#core/zk/mlp.ts";
import { seededRandom } from "#models/event-scorer/random.ts";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { ensureCircuitKeys, ensureCompiledVerifier } from "./build-verifier.ts";
import { checkProof } from "./check-proof.ts";
import { EVENT_SCORER_CIRCUIT, loadCircuit } from "./circuit-artifact.ts";
import { connectToDevelopmentChain, ensureVerifier } from "./deploy-verifier.ts";
import { proveWitness, solveWitness } from "./prove-circuit.ts";
import { type Mutated, mutateProof, type Shown } from "./testing/mutate-proof.ts";
import { readShippedWeights } from "./trained-model.ts";

/** Changed proofs to show to both; more by this: `VERIFIER_DIFFERENTIAL=10000 npm test`. */
const PROOFS = Number(process.env.VERIFIER_DIFFERENTIAL ?? 250);
const CONCURRENT = 8;
const artifact = loadCircuit(EVENT_SCORER_CIRCUIT);

const verifiers = {} as Record<VerifierKind, Address>;
let honest: Shown[];
let foreign: Shown;

async function proveScore(fill: number, context: bigint): Promise<Shown> {
  const features = Array.from({ length: 16 }, (_, i) => (i * fill) % 256);
  const input = { model: readShippedWeights("event-scorer"), salt: 9n, features, inputSalt: BigInt(fill), context };
  return proveWitness(artifact, await ensureCircuitKeys(artifact), await solveWitness(artifact, toCircuitInput(input)));
}

/** A proof of another circuit, by the same reference string. */
async function proveProbe(): Promise<Shown> {
  const probe = loadCircuit("gadget_probe");
  const input = {
    accumulator: "40",
    shift: "4",
    quotient: String(2 ** 24 + 3),
    remainder: "0",
    is_below: false,
    is_above: false,
    bytes: ["1", "2", "3", "4"],
  };
  return proveWitness(probe, await ensureCircuitKeys(probe), await solveWitness(probe, input));
}

beforeAll(async () => {
  const chain = connectToDevelopmentChain();
  const [account] = await chain.getAddresses();
  if (!account) throw new Error("The development chain has no unlocked account.");
  const keys = await ensureCircuitKeys(artifact);
  for (const kind of VERIFIER_KINDS)
    verifiers[kind] = await ensureVerifier(chain, account, await ensureCompiledVerifier(keys, kind));
  honest = [await proveScore(3, 42n), await proveScore(7, 43n), await proveScore(11, 44n)];
  foreign = await proveProbe();
}, 240_000);

afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

const verdictsOf = async ({ proof, publicInputs }: Shown) =>
  Promise.all(VERIFIER_KINDS.map((kind) => checkProof(verifiers[kind], proof, publicInputs)));

describe("the plain and the optimized verifier", () => {
  test("are two contracts that accept the same honest proofs", async () => {
    expect(verifiers.plain).not.toBe(verifiers.optimized);
    for (const shown of honest) expect(await verdictsOf(shown)).toEqual([true, true]);
  });

  test("refuse another circuit's proof, as it is and at the length of their own", async () => {
    const [own] = honest;
    if (!own) throw new Error("There is no proof.");
    const padded = concat([foreign.proof, slice(own.proof, size(foreign.proof))]);
    for (const proof of [foreign.proof, padded]) {
      for (const publicInputs of [foreign.publicInputs, own.publicInputs])
        expect(await verdictsOf({ proof, publicInputs })).toEqual([false, false]);
    }
  });

  test(
    `say the same of ${PROOFS} changed proofs, and accept none of them`,
    async () => {
      const seed = Number(process.env.VERIFIER_DIFFERENTIAL_SEED ?? Date.now() % 2 ** 31);
      const random = seededRandom(seed);
      const changed: Mutated[] = [];
      while (changed.length < PROOFS) {
        const base = honest[changed.length % honest.length];
        if (!base) throw new Error("There is no proof.");
        const mutated = mutateProof(random, base, [...honest.filter((other) => other !== base), foreign]);
        if (!isSame(mutated, base)) changed.push(mutated);
      }
      const waiting = changed.values();
      const work = Array.from({ length: CONCURRENT }, async () => {
        for (const mutated of waiting)
          expect(await verdictsOf(mutated), `${mutated.kind}, seed ${seed}`).toEqual([false, false]);
      });
      await Promise.all(work);
    },
    60_000 + 400 * PROOFS,
  );

  test("cost what docs/proofs.md says", async () => {
    const [shown] = honest;
    if (!shown) throw new Error("There is no proof.");
    const chain = createPublicClient({ transport: http(env.CHAIN_RPC_URL) });
    const args = [shown.proof, shown.publicInputs] as const;
    const data = encodeFunctionData({ abi: proofVerifierAbi, functionName: "verify", args });
    const gasOf = async (kind: VerifierKind) => Number(await chain.estimateGas({ to: verifiers[kind], data }));
    expect(await gasOf("optimized")).toBeLessThan(800_000);
    expect(await gasOf("plain")).toBeLessThan(3_500_000);
  });
});

const isSame = (left: Shown, right: Shown): boolean =>
  left.proof === right.proof && left.publicInputs.join() === right.publicInputs.join();
