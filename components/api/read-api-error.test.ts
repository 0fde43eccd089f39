import { expect, test } from "vitest";
import { toWireError } from "#core/api-error.ts";
import { DomainError } from "#core/errors.ts";
import { readApiError } from "./read-api-error.ts";

const wire = toWireError(new DomainError("POLICY_DENIED", { fix: "Ask for less." }), "req_1");

test("reads the shape that the doors write, over REST and over tRPC", () => {
  const expected = { code: "POLICY_DENIED", requestId: "req_1", fix: "Ask for less.", isTransient: false };
  expect(readApiError(wire)).toMatchObject(expected);
  expect(readApiError({ data: { error: wire.error } })).toMatchObject(expected);
});

test("takes an error of ours on the server side for one that may pass", () => {
  expect(readApiError(toWireError(new DomainError("UNAVAILABLE"), "req_2")).isTransient).toBe(true);
});

test.each([undefined, null, "text", new TypeError("failed to fetch"), { error: { code: 1 } }])(
  "takes %o for a connection that never came about",
  (error) => expect(readApiError(error).code).toBe("NETWORK"),
);
