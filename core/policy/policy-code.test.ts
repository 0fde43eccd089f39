import { describe, expect, expectTypeOf, test } from "vitest";
import { policyInput } from "../schemas/agent-policy.ts";
import {
  allow,
  atMost,
  days,
  deny,
  dollars,
  fillBalance,
  is,
  oneOf,
  type Place,
  type Policy,
  pay,
  payEther,
  printPolicy,
  self,
} from "./policy-code.ts";

const ROUTER = "0x00000000000000000000000000000000000000A1";
const SHOP = "0x00000000000000000000000000000000000000B2";
const SWAP =
  "swapExactTokensForTokens(uint256 amountIn, uint256 amountOutMin, address[] path, address to, uint256 deadline)";

const policy = {
  perTransactionCap: dollars("2.50"),
  windowCap: dollars("20"),
  windowSeconds: days(1),
  validUntil: "2030-01-01T00:00:00Z",
  rules: [
    pay(SHOP),
    fillBalance(),
    payEther(SHOP, 5n),
    allow(ROUTER, SWAP, { amountIn: atMost(10n ** 18n), to: is(self), "path[last]": oneOf(SHOP, ROUTER) }),
    deny(ROUTER, "sweep(address token)"),
  ],
} satisfies Policy;

describe("a policy written as TypeScript", () => {
  test("is the policy that the API takes", () => {
    expect(policyInput.parse(policy)).toEqual({
      perTransactionCap: "2500000",
      windowCap: "20000000",
      windowSeconds: 86_400,
      validUntil: "2030-01-01T00:00:00Z",
      rules: [
        { kind: "pay", recipient: SHOP },
        { kind: "deposit" },
        { kind: "ether", recipient: SHOP, valueMax: "5" },
        {
          kind: "function",
          effect: "allow",
          target: ROUTER,
          function: SWAP,
          where: [
            { argument: "amountIn", atMost: "1000000000000000000" },
            { argument: "to", is: "self" },
            { argument: "path[last]", oneOf: [SHOP, ROUTER] },
          ],
        },
        { kind: "function", effect: "deny", target: ROUTER, function: "sweep(address token)" },
      ],
    });
  });

  test("knows the arguments of its functions while it is written", () => {
    type Places = Place<"transfer(address to, uint256 amount)">;
    expectTypeOf<"to">().toExtend<Places>();
    expectTypeOf<"amount">().toExtend<Places>();
    expectTypeOf<"recipient">().not.toExtend<Places>();
    // @ts-expect-error There is no argument of that name.
    allow(ROUTER, "transfer(address to, uint256 amount)", { recipient: is(self) });
  });

  test("takes amounts exactly or not at all", () => {
    expect(dollars("0.000001")).toBe("1");
    expect(() => dollars("0.0000001")).toThrow();
    expect(() => dollars("a dollar")).toThrow();
  });

  test("is said again by the file that is printed of one", async () => {
    const text = printPolicy(policy, "./policy-code.ts");
    const [, literal = ""] = /export default (.*) satisfies Policy;/s.exec(text) ?? [];
    expect(JSON.parse(literal)).toEqual(policy);
  });
});
