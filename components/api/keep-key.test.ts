import { describe, expect, it } from "vitest";
import { createKeyKeeper } from "./keep-key.ts";

const refusal = (code: string, status: number) => ({
  data: { httpStatus: status, error: { code, message: "no" } },
});

function keeper() {
  let count = 0;
  return createKeyKeeper(() => `key-${++count}`);
}

describe("the key of a request that moves money", () => {
  it("stays while its answer is unknown, so that pressing again is the same request", () => {
    const keys = keeper();
    const first = keys.keyFor("agent.pay", { amount: "5" });
    first?.settle(new TypeError("Failed to fetch"));
    const second = keys.keyFor("agent.pay", { amount: "5" });
    second?.settle(refusal("UNAVAILABLE", 503));
    const third = keys.keyFor("agent.pay", { amount: "5" });
    third?.settle(refusal("IDEMPOTENCY_IN_PROGRESS", 409));
    const fourth = keys.keyFor("agent.pay", { amount: "5" });
    expect([first, second, third, fourth].map((one) => one?.key)).toEqual(["key-1", "key-1", "key-1", "key-1"]);
  });

  it("is another one after an answer, and for another request", () => {
    const keys = keeper();
    const first = keys.keyFor("agent.pay", { amount: "5" });
    expect(keys.keyFor("agent.pay", { amount: "6" })?.key).toBe("key-2");
    first?.settle();
    const again = keys.keyFor("agent.pay", { amount: "5" });
    expect(again?.key).toBe("key-3");
    again?.settle(refusal("INSUFFICIENT_FUNDS", 402));
    expect(keys.keyFor("agent.pay", { amount: "5" })?.key).toBe("key-4");
  });

  it("is not given to what moves none", () => {
    expect(keeper().keyFor("agent.pause", { id: "agt_1" })).toBeNull();
  });
});
