import { handleChainRead } from "#server/api/chain-read-door.ts";
import { answers } from "#server/api/methods.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ POST: handleChainRead });
