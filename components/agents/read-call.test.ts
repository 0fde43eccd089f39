import { expect, test } from "vitest";
import { readCall } from "./read-call.ts";

test("a known call is read from its bytes, any other is shown as it is", () => {
  const to = "ab".repeat(20).padStart(64, "0");
  const amount = (6_000_000).toString(16).padStart(64, "0");
  expect(readCall(`0xa9059cbb${to}${amount}`)).toEqual({
    name: "transfer",
    values: ["to: 0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB", "amount: 6000000"],
  });
  expect(readCall("0x12345678aa")).toEqual({ name: "0x12345678", values: ["0x12345678aa"] });
  expect(readCall("0xa9059cbb00")).toEqual({ name: "0xa9059cbb", values: ["0xa9059cbb00"] });
  expect(readCall("0x")).toEqual({ name: "Pay ether", values: [] });
});
