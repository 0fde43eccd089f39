import { describe, expect, test } from "vitest";
import { findLookalike } from "./address-lookalike.ts";

const LANDLORD = { name: "Landlord", address: "0xAbCd000000000000000000000000000000001234" };
const TWIN = "0xabcd999999999999999999999999999999991234";

describe("a lookalike", () => {
  test("has the first and last four digits of a known address and is another", () => {
    expect(findLookalike(TWIN, [LANDLORD])).toBe(LANDLORD);
    expect(findLookalike(TWIN.toUpperCase().replace("0X", "0x"), [LANDLORD])).toBe(LANDLORD);
  });

  test("is not the known address itself, however it is written", () => {
    expect(findLookalike(LANDLORD.address, [LANDLORD])).toBeUndefined();
    expect(findLookalike(LANDLORD.address.toLowerCase(), [LANDLORD])).toBeUndefined();
  });

  test("is no known address either, where both are known", () => {
    expect(findLookalike(TWIN, [LANDLORD, { address: TWIN }])).toBeUndefined();
  });

  test.each([
    ["its first digits alone", "0xabcd999999999999999999999999999999991235"],
    ["its last digits alone", "0xabce999999999999999999999999999999991234"],
    ["nothing", "0x9999999999999999999999999999999999999999"],
  ])("shares more than %s", (_, address) => {
    expect(findLookalike(address, [LANDLORD])).toBeUndefined();
  });
});
