import fc from "fast-check";
import { type Address, hashTypedData } from "viem";
import { getAddress, toHex } from "viem/utils";
import { expect, test } from "vitest";
import { hashUserOperation, type PackedUserOperation, userOperationTypedData } from "./user-operation.ts";

const bytes = (minLength: number, maxLength = minLength) =>
  fc.uint8Array({ minLength, maxLength }).map((data) => toHex(data));
const address = bytes(20).map((data): Address => getAddress(data));
const uint256 = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });

const operations: fc.Arbitrary<PackedUserOperation> = fc.record({
  sender: address,
  nonce: uint256,
  initCode: bytes(0, 100),
  callData: bytes(0, 300),
  accountGasLimits: bytes(32),
  preVerificationGas: uint256,
  gasFees: bytes(32),
  paymasterAndData: bytes(0, 100),
  signature: bytes(0, 65),
});

test("a user operation's hash is the one of its typed data, which wallets show and sign", () => {
  fc.assert(
    fc.property(operations, fc.integer({ min: 1, max: 2 ** 31 }), address, (operation, chainId, entryPoint) => {
      expect(hashUserOperation(operation, chainId, entryPoint)).toBe(
        hashTypedData(userOperationTypedData(operation, chainId, entryPoint)),
      );
    }),
    { numRuns: 200 },
  );
});
