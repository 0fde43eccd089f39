import { createMcpHandler } from "@modelcontextprotocol/server";
import { DomainError } from "#core/errors.ts";
import { openDoor } from "./door.ts";
import { createTools } from "./mcp-tools.ts";
import { parseJson, readJsonText } from "./request-body.ts";

/**
 * `POST /api/mcp`: the Model Context Protocol, for agents' own programs. Stateless: every request carries its API key in
 * its header, as everywhere else, and meets the tools that this key may use.
 */
export const handleMcp = (request: Request): Promise<Response> =>
  openDoor(request, { name: "mcp" }, async ({ actor, requestId }) => {
    if (!actor) throw new DomainError("UNAUTHENTICATED");
    // A page's cookie is not enough: what speaks here has a key of its own, with limits of its own.
    if (actor.via !== "api_key")
      throw new DomainError("SCOPE_MISSING", { message: "The MCP door needs an API key, not a signed-in page." });
    const parsedBody = parseJson(await readJsonText(request));
    const handler = createMcpHandler(() => createTools({ actor: { ...actor, door: "mcp" }, requestId, request }));
    return handler.fetch(request, { parsedBody });
  });
