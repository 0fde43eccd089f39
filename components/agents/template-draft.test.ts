import fc from "fast-check";
import { expect, test } from "vitest";
import { type TemplatePolicy, templatePolicy } from "#core/schemas/policy-template.ts";
import { templateOf, termsOf } from "./template-draft.ts";

const target = `0x${"11".repeat(20)}`;
const call = { kind: "call", target, selector: "0x12345678" } as const;
const denial = { kind: "function", effect: "deny", target, function: "act(uint256 a)" } as const;

/** What `value` makes of a field that may be missing. */
const maybe = <Value>(field: string, value: Value) => fc.constantFrom({}, { [field]: value });
const anyTemplate = fc
  .tuple(
    fc.subarray([{ kind: "deposit" } as const, call, denial, { kind: "trade" } as const]),
    maybe("caps", [{ token: target, perTransaction: "1", perWindow: "2" }]),
    maybe("gasPerWindow", "5"),
    maybe("usd", { perTransaction: "3", perWindow: "4" }),
    maybe("hours", [{ days: [1], from: "09:00", to: "17:00", timeZone: "UTC" }]),
    maybe("approvals", { over: "9", needed: 1, approvers: ["me"] }),
  )
  .map(([rules, caps, gas, usd, hours, approvals]): TemplatePolicy => {
    const guards = { ...usd, ...hours, ...approvals };
    return templatePolicy.parse({
      perTransactionCap: "10",
      windowCap: "20",
      windowSeconds: 3_600,
      validDays: 14,
      ...caps,
      ...gas,
      ...(Object.keys(guards).length > 0 ? { guards } : {}),
      rules,
    });
  });

test("a template goes through the form and comes back as it was", () => {
  fc.assert(
    fc.property(anyTemplate, (template) => {
      expect(templatePolicy.parse(templateOf(termsOf(template)))).toEqual(template);
    }),
  );
});
