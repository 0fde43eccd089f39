import { answers } from "#server/api/methods.ts";
import { handleAttestation } from "#server/api/worker-door.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ POST: handleAttestation });
