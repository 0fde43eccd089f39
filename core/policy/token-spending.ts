import { type Address, type Hex, maxUint256, zeroAddress } from "viem";
import { getAddress, isAddressEqual, size, slice } from "viem/utils";
import type { Call } from "./execution.ts";

/** Uniswap's Permit2, at its one address on every chain. */
export const PERMIT2: Address = "0x000000000022D473030F116dDEE9F6B43aC78BA3";
/** Stands for ether where a token is named. */
export const ETHER: Address = zeroAddress;

/**
 * Functions that move the account's tokens or let somebody else move them, and the word of their amount.
 * `TokenSpending.sol` has the same.
 */
const AMOUNT_WORDS: Readonly<Record<Hex, number>> = {
  "0xa9059cbb": 1, // transfer(address,uint256)
  "0x095ea7b3": 1, // approve(address,uint256)
  "0x39509351": 1, // increaseAllowance(address,uint256)
  "0x1296ee62": 1, // transferAndCall(address,uint256)
  "0x4000aea0": 1, // transferAndCall(address,uint256,bytes)
  "0x3177029f": 1, // approveAndCall(address,uint256)
  "0xcae9ca51": 1, // approveAndCall(address,uint256,bytes)
  "0x23b872dd": 2, // transferFrom(address,address,uint256)
  "0xd8fbe994": 2, // transferFromAndCall(address,address,uint256)
  "0xc1d34b89": 2, // transferFromAndCall(address,address,uint256,bytes)
  "0xd505accf": 2, // permit(address,address,uint256,uint256,uint8,bytes32,bytes32)
  "0x9fd5a6cf": 2, // permit(address,address,uint256,uint256,bytes)
  "0xe3ee160e": 2, // transferWithAuthorization(…,uint8,bytes32,bytes32)
  "0xcf092995": 2, // transferWithAuthorization(…,bytes)
  "0x8fcbaf0c": 4, // permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32): all or nothing
};
const PERMIT_ALL: Hex = "0x8fcbaf0c";
/** approve(address,address,uint160,uint48) and transferFrom(address,address,uint160,address), by the word of the token. */
const PERMIT2_TOKEN_WORDS: Readonly<Record<Hex, number>> = { "0x87517c45": 0, "0x36c78516": 3 };

export type Spending = { token: Address; amount: bigint };

export const selectorOf = (data: Hex): Hex => (size(data) >= 4 ? (slice(data, 0, 4).toLowerCase() as Hex) : "0x");

export function wordAt(data: Hex, index: number): bigint | null {
  const start = 4 + 32 * index;
  return size(data) >= start + 32 ? BigInt(slice(data, start, start + 32)) : null;
}

const addressOf = (word: bigint): Address =>
  getAddress(`0x${(word & ((1n << 160n) - 1n)).toString(16).padStart(40, "0")}`);

/** What a call names as spent, ether apart: null when nothing, "malformed" when it cannot be read. */
export function readSpending({ target, data }: Pick<Call, "target" | "data">): Spending | "malformed" | null {
  const selector = selectorOf(data);
  if (isAddressEqual(target, PERMIT2)) {
    // Its other functions move or allow several tokens at once, or by signature: they count as what cannot be read.
    const tokenWord = PERMIT2_TOKEN_WORDS[selector];
    const [token, amount] = [tokenWord === undefined ? null : wordAt(data, tokenWord), wordAt(data, 2)];
    return token === null || amount === null ? "malformed" : { token: addressOf(token), amount };
  }
  const word = AMOUNT_WORDS[selector];
  if (word === undefined) return null;
  const amount = wordAt(data, word);
  if (amount === null) return "malformed";
  return { token: target, amount: selector === PERMIT_ALL ? maxUint256 : amount };
}
