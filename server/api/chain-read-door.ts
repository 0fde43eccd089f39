import { chainQuestion, readChain } from "#server/solvency/read-chain.ts";
import { openDoor } from "./door.ts";
import { readJson } from "./request-body.ts";

const BODY_BYTES_MAX = 4_096;

/** `POST /api/v1/chain`: JSON-RPC for reading the Vault, so that a page can ask the chain without leaving its origin. */
export function handleChainRead(request: Request): Promise<Response> {
  return openDoor(request, { name: "chain" }, async () =>
    Response.json(await readChain(chainQuestion.parse(await readJson(request, BODY_BYTES_MAX)))),
  );
}
