import type { IncomingMessage, ServerResponse } from "node:http";
import { toWireError } from "../../core/api-error.ts";
import { DomainError } from "../../core/errors.ts";
import { newId } from "../../core/ids.ts";

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

function isAddress(target: string): boolean {
  try {
    decodeURIComponent(target.split("?", 1)[0] ?? "");
    return target.startsWith("/");
  } catch {
    return false;
  }
}

/** What is wrong with a request before anybody looks at where it goes; the framework answers these with a 500. */
export function faultOf(request: Pick<IncomingMessage, "method" | "url">): DomainError | null {
  if (!METHODS.has(request.method ?? "")) return new DomainError("METHOD_NOT_ALLOWED");
  if (!isAddress(request.url ?? ""))
    return new DomainError("BAD_REQUEST", { message: "The address is not well formed." });
  return null;
}

/** Sends an error in the one shape of all doors. */
export function refuse(response: ServerResponse, error: DomainError): void {
  const requestId = newId("request");
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(error.status, {
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-request-id": requestId,
    ...(error.code === "METHOD_NOT_ALLOWED" ? { allow: [...METHODS].join(", ") } : {}),
  });
  response.end(JSON.stringify(toWireError(error, requestId)));
}
