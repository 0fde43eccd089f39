import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toPage } from "./page.ts";
import { pageInput } from "./schemas/page.ts";

describe("toPage", () => {
  it("leads through a list of any length, each row once and in order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 20 }), (count, limit) => {
        const all = Array.from({ length: count }, (_, i) => ({ id: String(i).padStart(3, "0") }));
        const seen: { id: string }[] = [];
        for (let from: string | null = ""; from !== null; ) {
          const below: string = from;
          const page = toPage(all.filter(({ id }) => id > below).slice(0, limit + 1), limit);
          expect(page.hasMore).toBe(page.nextCursor !== null);
          seen.push(...page.data);
          from = page.nextCursor;
        }
        expect(seen).toEqual(all);
      }),
    );
  });

  it("goes on by another field when told so", () => {
    expect(toPage([{ number: 3 }, { number: 2 }], 1, ({ number }) => String(number))).toEqual({
      data: [{ number: 3 }],
      hasMore: true,
      nextCursor: "3",
    });
  });
});

describe("pageInput", () => {
  it("has one default and one limit", () => {
    expect(pageInput.parse({})).toEqual({ limit: 20 });
    expect(pageInput.parse({ limit: "100" })).toEqual({ limit: 100 });
    for (const limit of [0, 101, 1.5, "x"]) expect(pageInput.safeParse({ limit }).success).toBe(false);
  });
});
