import { expect, test } from "vitest";
import { toWireError } from "#core/api-error.ts";
import { DomainError } from "#core/errors.ts";
import { LocalProblem } from "./local-problem.ts";
import { isTransient, readApiError } from "./read-api-error.ts";

const wire = toWireError(new DomainError("POLICY_DENIED", { fix: "Ask for less." }), "req_1");

test("reads the shape that the doors write, over REST and over tRPC", () => {
  const expected = { code: "POLICY_DENIED", requestId: "req_1", fix: "Ask for less." };
  expect(readApiError(wire)).toMatchObject(expected);
  expect(readApiError({ data: { error: wire.error } })).toMatchObject(expected);
});

test.each([
  [{ data: { httpStatus: 503 } }, true],
  [{ data: { httpStatus: 403 } }, false],
  [new TypeError("failed to fetch"), true],
])("%o may pass: %s", (error, expected) => expect(isTransient(error)).toBe(expected));

test.each([undefined, null, "text", new TypeError("failed to fetch"), { error: { code: 1 } }])(
  "takes %o for a connection that never came about",
  (error) => expect(readApiError(error).code).toBe("NETWORK"),
);

test("reads what went wrong in the page itself", () => {
  const problem = new LocalProblem("NOT_SIGNED", "Not signed", "You declined.");
  expect(readApiError(problem)).toMatchObject({ code: "NOT_SIGNED", message: "You declined.", requestId: undefined });
});
