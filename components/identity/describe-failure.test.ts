import { expect, test } from "vitest";
import { describeFailure } from "./describe-failure.ts";

const declined = "The request was declined in the wallet. Nothing was changed.";

test.each([
  ["a passkey prompt that was closed", new DOMException("closed", "NotAllowedError"), /dismissed or timed out/],
  ["a wallet's refusal as it comes", { code: 4001, message: "User rejected the request." }, declined],
  ["a refusal in a library's wrapping", new Error("Wrapped", { cause: { code: 4001 } }), declined],
  ["a wallet that is still asking", { code: -32002 }, /own window/],
  ["a sentence of ours", new Error("Choose a wallet.\nDetails: none"), "Choose a wallet."],
  ["nothing that can be read", "?", /unexpected/],
])("says what %s means", (_what, error, expected) => {
  if (typeof expected === "string") expect(describeFailure(error)).toBe(expected);
  else expect(describeFailure(error)).toMatch(expected);
});
