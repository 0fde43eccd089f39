import { answers } from "#server/api/methods.ts";
import { handleTrpc } from "#server/api/trpc-door.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ GET: handleTrpc, POST: handleTrpc });
