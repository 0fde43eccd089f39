import { answers } from "#server/api/methods.ts";
import { handleVerify } from "#server/api/x402-doors.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ POST: handleVerify });
