import { answers } from "#server/api/methods.ts";
import { handleSupported } from "#server/api/x402-doors.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ GET: handleSupported });
