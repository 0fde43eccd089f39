import { type Schema, Validator } from "@cfworker/json-schema";
import { DomainError } from "#core/errors.ts";
import type { AnswerFormat } from "#core/schemas/chat.ts";

/** Says what is wrong with a whole answer that was to be JSON, or null. */
export type AnswerCheck = (text: string) => string | null;

/** A check for answers of this form. Refuses a schema that no answer could be held against. */
export function answerCheck(format: AnswerFormat): AnswerCheck {
  const validator = format.type === "schema" ? validatorOf(format.schema) : null;
  return (text) => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return "The answer is not JSON.";
    }
    if (format.type === "json") return typeof value === "object" && value !== null ? null : "The answer is no object.";
    const { valid, errors } = validator?.validate(value) ?? { valid: true, errors: [] };
    return valid ? null : `The answer does not match its schema: ${errors.at(-1)?.error ?? "it differs."}`;
  };
}

function validatorOf(schema: Record<string, unknown>): Validator {
  try {
    const validator = new Validator(schema as Schema, "2020-12", true);
    // References are looked up when something is validated: one that leads nowhere is found now, not after an answer.
    validator.validate(null);
    return validator;
  } catch (cause) {
    throw new DomainError(
      "VALIDATION_FAILED",
      { param: "response_format", message: "The JSON schema of response_format cannot be used." },
      { cause },
    );
  }
}
