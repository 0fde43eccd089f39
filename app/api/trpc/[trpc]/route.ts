import { handleTrpc } from "#server/api/trpc-door.ts";

export { handleTrpc as GET, handleTrpc as POST };
