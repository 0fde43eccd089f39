import { answers } from "#server/api/methods.ts";
import { handleChallengeAnswer } from "#server/api/worker-door.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ POST: handleChallengeAnswer });
