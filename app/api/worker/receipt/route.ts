import { handleReceiptSignature } from "#server/api/worker-door.ts";

export { handleReceiptSignature as POST };
