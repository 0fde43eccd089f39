import { expect, test } from "vitest";
import { FIELD_ORDER, poseidon2Hash, poseidon2Permutation } from "./poseidon2.ts";

test("the permutation gives Barretenberg's published vector for 0, 1, 2, 3", () => {
  expect(poseidon2Permutation([0n, 1n, 2n, 3n])[0]).toBe(
    0x01bd538c2ee014ed5141b29e9ae240bf8db3fe5b9a38629a9647cf8d76c01737n,
  );
});

test("domain and length separate hashes of the same words", () => {
  const hashes = [
    poseidon2Hash(1n, [1n, 2n]),
    poseidon2Hash(2n, [1n, 2n]),
    poseidon2Hash(1n, [1n, 2n, 0n]),
    poseidon2Hash(1n, [1n, 2n, 0n, 0n]),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
  for (const hash of hashes) expect(hash < FIELD_ORDER).toBe(true);
});
