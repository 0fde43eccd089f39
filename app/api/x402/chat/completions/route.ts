import { answers } from "#server/api/methods.ts";
import { handlePaidChat } from "#server/api/x402-doors.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ POST: handlePaidChat });
