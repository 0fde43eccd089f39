import { DomainError } from "#core/errors.ts";
import { openDoor } from "./door.ts";

type Handler = (request: Request) => Promise<Response>;
type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * The exports of a route: what it answers, and for every other method a refusal in our one error shape, where the
 * framework would send an empty 405.
 */
export function answers(handlers: Partial<Record<Method, Handler>>): Record<Method, Handler> {
  const allow = Object.keys(handlers).join(", ");
  const refuse: Handler = async (request) => {
    const response = await openDoor(request, { name: "method" }, async () => {
      throw new DomainError("METHOD_NOT_ALLOWED");
    });
    response.headers.set("allow", allow);
    return response;
  };
  const { GET = refuse, POST = refuse, PUT = refuse, PATCH = refuse, DELETE = refuse } = handlers;
  return { GET, POST, PUT, PATCH, DELETE };
}

const handleUnknown: Handler = (request) =>
  openDoor(request, { name: "unknown" }, async () => {
    throw new DomainError("NOT_FOUND");
  });

/** The exports of a route that stands for all addresses without one. */
export const answersNothing: Record<Method, Handler> = {
  GET: handleUnknown,
  POST: handleUnknown,
  PUT: handleUnknown,
  PATCH: handleUnknown,
  DELETE: handleUnknown,
};
