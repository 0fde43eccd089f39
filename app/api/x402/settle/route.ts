import { answers } from "#server/api/methods.ts";
import { handleSettle } from "#server/api/x402-doors.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ POST: handleSettle });
