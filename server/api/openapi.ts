import { generateOpenApiDocument } from "trpc-to-openapi";
import { z } from "zod";
import { statementFilterInput } from "#core/schemas/statement.ts";
import { env } from "#server/env.ts";
import { appRouter } from "./root.ts";

let document: object | undefined;

const FILE_TYPES = { csv: "text/csv", json: "application/json" } as const;

/** The statement as a file, which streams and is therefore no procedure; its filter is the procedure's own. */
function filePaths(): Record<string, object> {
  const { properties = {} } = z.toJSONSchema(statementFilterInput, { io: "input" });
  const parameters = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: false,
    schema,
  }));
  const pathOf = ([format, type]: [string, string]) => [
    `/balance/statement.${format}`,
    {
      get: {
        operationId: `balance-statementFile-${format}`,
        summary: `Every posting that a filter lets through, as a ${format.toUpperCase()} file`,
        description: "Newest first, streamed. docs/statements.md lists the columns.",
        tags: ["Balance"],
        security: [{ apiKey: [] }],
        parameters,
        responses: { 200: { description: "The file", content: { [type]: { schema: { type: "string" } } } } },
      },
    },
  ];
  return Object.fromEntries(Object.entries(FILE_TYPES).map(pathOf));
}

/** The OpenAPI 3.1 description of the REST surface, made from the procedures themselves. */
export function openApiDocument(): object {
  if (document) return document;
  const generated = generateOpenApiDocument(appRouter, {
    title: "Converge API",
    version: "1.0.0",
    openApiVersion: "3.1.0",
    description:
      "Rent compute, give AI agents wallets they cannot misuse, prove what a model said, pay people for their attention: one platform, one ledger.\n\nSend an API key as `Authorization: Bearer cvg_…`. Amounts are decimal strings of base units (USD: micro-dollars). Every answer carries `x-request-id`; every error has the shape `{ error: { type, code, message, param, request_id } }`. A POST with an `Idempotency-Key` moves money once however often it is sent: a repeat is answered with what the first one did, another body under the key is refused with `IDEMPOTENCY_KEY_REUSED`, and a repeat of a request that is still running with `IDEMPOTENCY_IN_PROGRESS`. Answers are kept for a day; payments, withdrawals, cash-outs and proofs know their key for ever. A completion in one piece is answered again for a day; a repeat of a streamed one, or of one older than that, gets `IDEMPOTENCY_KEY_USED` with its receipt, never a second charge.",
    baseUrl: `${env.PUBLIC_URL}/api/v1`,
    docsUrl: `${env.PUBLIC_URL}/docs`,
    securitySchemes: { apiKey: { type: "http", scheme: "bearer", bearerFormat: "cvg_…" } },
  });
  document = { ...generated, paths: { ...generated.paths, ...filePaths() } };
  return document;
}
