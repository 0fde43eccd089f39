import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dayToMoment, exportHref, momentToDay } from "./statement-address.ts";

describe("the statement's filter in an address", () => {
  test("a day comes back as it was, and the last day is in the range whole", () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(1990, 0, 1), max: new Date(2090, 0, 1), noInvalidDate: true }), (date) => {
        const day = momentToDay(date.toISOString());
        expect(momentToDay(dayToMoment(day))).toBe(day);
        const end = dayToMoment(day, 1);
        expect(momentToDay(end, 1)).toBe(day);
        expect(date.getTime()).toBeLessThan(Date.parse(end));
        expect(date.getTime()).toBeGreaterThanOrEqual(Date.parse(dayToMoment(day)));
      }),
    );
  });

  test("what is no moment is no day", () => {
    expect(momentToDay(undefined)).toBe("");
    expect(momentToDay("yesterday")).toBe("");
  });

  test("the file's address carries the filter", () => {
    expect(exportHref("csv", {})).toBe("/api/v1/balance/statement.csv");
    expect(exportHref("json", { text: "a&b", flow: "in" })).toBe("/api/v1/balance/statement.json?text=a%26b&flow=in");
  });
});
