import { describe, expect, it } from "vitest";
import { rememberBriefly } from "./remember-briefly.ts";

function setup() {
  let at = 0;
  let made = 0;
  const pending: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  const make = () => {
    made++;
    return new Promise<number>((resolve, reject) => pending.push({ resolve, reject }));
  };
  const ask = rememberBriefly(1_000, make, () => at);
  return {
    ask,
    made: () => made,
    pass: (ms: number) => {
      at += ms;
    },
    settle: (value: number) => pending.shift()?.resolve(value),
    fail: () => pending.shift()?.reject(new Error("away")),
  };
}

describe("rememberBriefly", () => {
  it("makes one answer for all who ask while it is made, however long that takes", async () => {
    const { ask, made, pass, settle } = setup();
    const asked = Array.from({ length: 500 }, ask);
    pass(10_000);
    asked.push(ask());
    settle(7);
    expect(new Set(await Promise.all(asked))).toEqual(new Set([7]));
    expect(made()).toBe(1);
  });

  it("gives an answer again for a while after it was made, and then makes another", async () => {
    const { ask, made, pass, settle } = setup();
    const first = ask();
    pass(5_000);
    settle(1);
    await first;
    pass(999);
    expect(await ask()).toBe(1);
    pass(1);
    const second = ask();
    settle(2);
    expect(await second).toBe(2);
    expect(made()).toBe(2);
  });

  it("does not remember a failure", async () => {
    const { ask, fail, settle } = setup();
    const first = ask();
    fail();
    await expect(first).rejects.toThrow("away");
    const second = ask();
    settle(3);
    expect(await second).toBe(3);
  });
});
